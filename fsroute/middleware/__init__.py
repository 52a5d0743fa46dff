"""Ready-made middleware, one module each; the core imports none of them."""

"""What is called: files to modules, signatures to plans, handlers to endpoints."""

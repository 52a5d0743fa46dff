"""Local work: never imported in production."""

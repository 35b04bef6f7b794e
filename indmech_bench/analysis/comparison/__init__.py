"""Two results folders compared."""

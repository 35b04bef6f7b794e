"""Numbers, lines and tables as people read them."""

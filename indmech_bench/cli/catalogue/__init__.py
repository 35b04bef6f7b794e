"""What `list` and `describe` show of what is registered."""

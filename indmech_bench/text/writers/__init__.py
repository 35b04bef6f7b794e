"""A writer a kind of document: none knows what the tables are about."""

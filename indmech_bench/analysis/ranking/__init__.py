"""How the methods of a view rank, and how they stand to each other."""

"""The figures, a file each: its data as a table, and how they are drawn."""

"""What results look like: figures, and one page that needs nothing but itself."""

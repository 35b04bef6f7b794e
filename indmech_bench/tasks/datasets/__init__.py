"""Real images that networks are trained on here: sets that ship with libraries, and folders of a user's own."""

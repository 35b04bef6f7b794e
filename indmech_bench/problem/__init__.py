"""What a method is given and gives back, and the training that methods share."""

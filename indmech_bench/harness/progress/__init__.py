"""What a run says of itself: what runs, what is finished, how long the rest takes."""

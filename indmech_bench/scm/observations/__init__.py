"""What a task shows of its truth, and the fit losses that follow from it."""

"""What rows of image tasks hold beside metrics, read: errors by intervention, and what samples are worth."""

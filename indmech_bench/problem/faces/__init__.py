"""Parts of what a method sees of its problem: random numbers, numpy, points on the way."""

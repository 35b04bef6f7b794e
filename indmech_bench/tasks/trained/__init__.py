"""Tasks of real images, on which networks are trained: what is true of their mechanisms is not known."""

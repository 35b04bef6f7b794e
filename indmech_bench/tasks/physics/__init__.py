"""Mechanisms with the shapes of physics: named kernels by field, pairs of them, and the tasks made of them."""

"""Causal generative models: parameters -> laws under intervention, with their closed forms."""

"""Causal generative models: from parameters to the law of the output."""

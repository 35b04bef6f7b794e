"""Structural causal models: parameters, laws, interventions, genericity, and what is shown of them."""

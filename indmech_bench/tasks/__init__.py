"""Families of SCMs with known truth: prior, observation, interventions, presets; one file a family."""

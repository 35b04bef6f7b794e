"""Metrics of a solution against its truth, and the references that know it."""

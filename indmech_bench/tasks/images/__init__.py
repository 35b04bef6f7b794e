"""Families of image generators with known truth."""

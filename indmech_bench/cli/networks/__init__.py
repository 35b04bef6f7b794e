"""Verbs for networks that users bring."""

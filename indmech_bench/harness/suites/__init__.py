"""Suites: chosen lists of tasks and methods, as TOML files beside this one or a user's own."""

"""The results folder: rows, their files, merging."""

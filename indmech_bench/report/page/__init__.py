"""One page of a results folder: everything in one file, which asks nobody for anything."""

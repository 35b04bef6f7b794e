"""The registry's tasks: one file a family of SCMs with known ground truth."""

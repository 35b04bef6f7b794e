"""The baselines of indmech-bench: one training algorithm a file, registered like anyone's."""

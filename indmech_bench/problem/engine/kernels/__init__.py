"""What is compiled: the loop over rows, steps and operations, and what each operation does."""

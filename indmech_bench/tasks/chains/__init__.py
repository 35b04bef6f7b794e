"""Families of chains of convolutions: one observed composite of two kernels or more."""

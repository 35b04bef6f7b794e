"""Kernels by name, a file a field.

Each draws its physics' own parameters from the generator and nothing else: none is conditioned on what another one is.
"""

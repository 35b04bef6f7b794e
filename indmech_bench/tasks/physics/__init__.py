"""Mechanisms with the shapes of physics: named kernels by field, pairs of them, and the tasks made of them.

A file holds the kernels of one field. Each draws its physics' own parameters from the generator and nothing else: no
kernel is conditioned on what another one is.
"""

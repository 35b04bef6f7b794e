"""Kernels by name: found, drawn, and checked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from indmech_bench.errors import InputError
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import imported, live, register_kernel
from indmech_bench.scm.factorisation import Array

Kernel = Callable[[np.random.Generator, int], Array]
"""(generator, taps) -> (taps,)."""


@register_kernel("gaussian", units="none", source="the null of independent mechanisms, docs/theory.md")
def gaussian(generator: np.random.Generator, taps: int) -> Array:
    """iid Gaussian taps: no physics."""
    return generator.standard_normal(taps)


def kernel_named(name: str) -> Kernel:
    """The kernel of this name, of this package, of those installed, or of a plugin that is imported.

    Raises InputError for a name that none has.
    """
    found: Kernel | None = imported("kernel", name)
    if found is None:
        found = live(Catalogue.read().find("kernel", name))
    return found


def drawn(name: str, kernel: Kernel, generator: np.random.Generator, taps: int) -> Array:
    """One draw (taps,) in float64. Raises InputError where the kernel gives anything else, or taps that are all 0."""
    given = kernel(generator, taps)
    taken = np.asarray(given, dtype=np.float64)
    if taken.shape != (taps,):
        raise InputError(f"kernel '{name}' must give {taps} taps, not an array of shape {taken.shape}.")
    if not np.isfinite(taken).all() or not taken.any():
        raise InputError(f"kernel '{name}' gave {taps} taps that are not finite or all 0: it must have a shape.")
    return taken

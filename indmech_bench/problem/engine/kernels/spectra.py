"""Taps to spectra, products of spectra. Vectors (V, 2, F) are complex, real parts first, or real in the first part."""

from __future__ import annotations

from indmech_bench.problem.engine.arrays import Floats
from indmech_bench.problem.engine.kernels.compiling import inlined


@inlined
def transform(flat: Floats, to: int, taps: Floats, row: int, first: int, length: int, waves: Floats) -> None:
    """Vector `to` of `flat` (V, 2 F) becomes the transfer function of some taps of a row.

    Four taps a pass, after a first pass of four or five: lengths are mostly multiples of four, or one more.
    """
    size, rest = flat.shape[1], length % 4
    t = 1
    if length >= 4 and rest <= 1:
        x0, x1, x2, x3 = taps[row, first], taps[row, first + 1], taps[row, first + 2], taps[row, first + 3]
        t = 4 + rest
        if rest == 1:
            x4 = taps[row, first + 4]
            for f in range(size):
                low = (waves[0, f] * x0 + waves[1, f] * x1) + (waves[2, f] * x2 + waves[3, f] * x3)
                flat[to, f] = low + waves[4, f] * x4
        else:
            for f in range(size):
                flat[to, f] = (waves[0, f] * x0 + waves[1, f] * x1) + (waves[2, f] * x2 + waves[3, f] * x3)
    else:
        x0 = taps[row, first]
        for f in range(size):
            flat[to, f] = waves[0, f] * x0
    while t % 4 != rest:
        x0 = taps[row, first + t]
        for f in range(size):
            flat[to, f] += waves[t, f] * x0
        t += 1
    while t < length:
        x0, x1 = taps[row, first + t], taps[row, first + t + 1]
        x2, x3 = taps[row, first + t + 2], taps[row, first + t + 3]
        for f in range(size):
            flat[to, f] += (waves[t, f] * x0 + waves[t + 1, f] * x1) + (waves[t + 2, f] * x2 + waves[t + 3, f] * x3)
        t += 4


@inlined
def power(vectors: Floats, to: int, of: int, weights: Floats, scalars: Floats, mean: int) -> None:
    """Power spectrum of a transfer function, and its mean."""
    total = scalars.dtype.type(0)
    for f in range(weights.shape[0]):
        value = vectors[of, 0, f] * vectors[of, 0, f] + vectors[of, 1, f] * vectors[of, 1, f]
        vectors[to, 0, f] = value
        total += weights[f] * value
    scalars[mean] = total


@inlined
def complex_product(vectors: Floats, to: int, of: int, other: int) -> None:
    """Product of transfer functions."""
    for f in range(vectors.shape[2]):
        x0, x1 = vectors[of, 0, f], vectors[of, 1, f]
        x2, x3 = vectors[other, 0, f], vectors[other, 1, f]
        vectors[to, 0, f] = x0 * x2 - x1 * x3
        vectors[to, 1, f] = x0 * x3 + x1 * x2


@inlined
def product(vectors: Floats, to: int, of: int, other: int, weights: Floats, scalars: Floats, mean: int) -> None:
    """Product of power spectra, and its mean."""
    total = scalars.dtype.type(0)
    for f in range(weights.shape[0]):
        value = vectors[of, 0, f] * vectors[other, 0, f]
        vectors[to, 0, f] = value
        total += weights[f] * value
    scalars[mean] = total


@inlined
def added(vectors: Floats, to: int, of: int, other: int, weights: Floats, scalars: Floats, mean: int) -> None:
    """Sum of power spectra, and its mean."""
    total = scalars.dtype.type(0)
    for f in range(weights.shape[0]):
        value = vectors[of, 0, f] + vectors[other, 0, f]
        vectors[to, 0, f] = value
        total += weights[f] * value
    scalars[mean] = total

"""Fit losses of one output of a replicate, as the observations' `loss`, and their gradients on its spectrum."""

from __future__ import annotations

import math

from indmech_bench.problem.engine.arrays import Floats, Integers
from indmech_bench.problem.engine.kernels.compiling import inlined

IMPULSE, SPECTRUM, SAMPLES = 0, 1, 2
"""Kinds of observations."""
TINY = 1e-300
"""As in `Spectrum`: below it the root of a spectrum is flat."""


@inlined
def impulse_loss(vectors: Floats, of: int, target: Floats, r: int, e: int, share: float, weights: Floats) -> float:
    """share <|T - target|^2> of a transfer function T."""
    total = vectors.dtype.type(0)
    for f in range(weights.shape[0]):
        x0, x1 = vectors[of, 0, f] - target[r, e, 0, f], vectors[of, 1, f] - target[r, e, 1, f]
        total += weights[f] * (x0 * x0 + x1 * x1)
    return share * total


@inlined
def spectrum_loss(vectors: Floats, of: int, target: Floats, r: int, e: int, share: float, weights: Floats) -> float:
    """share <(sqrt S - target)^2>."""
    total = vectors.dtype.type(0)
    for f in range(weights.shape[0]):
        x0 = math.sqrt(max(vectors[of, 0, f], TINY)) - target[r, e, 0, f]
        total += weights[f] * x0 * x0
    return share * total


@inlined
def samples_loss(
    vectors: Floats, of: int, target: Floats, r: int, e: int, share: float, floor: float, weights: Floats
) -> float:
    """share <I / S + log S>, the floor in S."""
    total = vectors.dtype.type(0)
    for f in range(weights.shape[0]):
        value = vectors[of, 0, f] + floor
        total += weights[f] * (target[r, e, 0, f] / value + math.log(value))
    return share * total


@inlined
def impulse_slope(
    vectors: Floats, to: int, of: int, target: Floats, r: int, e: int, share: float, weights: Floats
) -> None:
    """d loss / d T."""
    twice = share + share
    for f in range(weights.shape[0]):
        value = twice * weights[f]
        vectors[to, 0, f] = value * (vectors[of, 0, f] - target[r, e, 0, f])
        vectors[to, 1, f] = value * (vectors[of, 1, f] - target[r, e, 1, f])


@inlined
def spectrum_slope(
    vectors: Floats, to: int, of: int, target: Floats, r: int, e: int, share: float, weights: Floats
) -> None:
    """d loss / d S, 0 where S is."""
    one = vectors.dtype.type(1)
    for f in range(weights.shape[0]):
        value = vectors[of, 0, f]
        slope = share * weights[f] * (one - target[r, e, 0, f] / math.sqrt(value))
        vectors[to, 0, f] = one * 0 if value <= TINY else slope


@inlined
def mean_of_samples(
    vectors: Floats,
    to: int,
    target: Floats,
    single: Floats,
    r: int,
    e: int,
    indices: Integers,
    factors: Floats,
    step: int,
) -> None:
    """The mean periodogram of the samples that a step sees, times the factors of its label noise."""
    zero, one = vectors.dtype.type(0), vectors.dtype.type(1)
    if indices.shape[2] == 0:
        for f in range(vectors.shape[2]):
            vectors[to, 0, f] = target[r, e, 0, f]
    else:
        part = step if indices.shape[1] > 1 else 0
        for f in range(vectors.shape[2]):
            vectors[to, 0, f] = zero
        for i in range(indices.shape[2]):
            sample = indices[r, part, i]
            for f in range(vectors.shape[2]):
                vectors[to, 0, f] += single[r, e, sample, f]
        value = one / indices.shape[2]
        for f in range(vectors.shape[2]):
            vectors[to, 0, f] *= value
    if factors.shape[3] > 0:
        for f in range(vectors.shape[2]):
            vectors[to, 0, f] *= factors[r, step, e, f]


@inlined
def samples_slope(vectors: Floats, to: int, of: int, mean: int, share: float, floor: float, weights: Floats) -> None:
    """d loss / d S, `mean` the row of the mean periodogram."""
    one = vectors.dtype.type(1)
    for f in range(weights.shape[0]):
        value = one / (vectors[of, 0, f] + floor)
        vectors[to, 0, f] = share * weights[f] * value * (one - vectors[mean, 0, f] * value)

"""Gradients back towards the taps. The adjoint of a real vector is a row (-1: none) plus a scalar times the weights."""

from __future__ import annotations

from indmech_bench.problem.engine.arrays import Floats
from indmech_bench.problem.engine.kernels.compiling import inlined


@inlined
def product_back(vectors: Floats, to: int, adjoint: int, scalar: float, other: int, add: int, weights: Floats) -> None:
    """The adjoint of a factor, from that of a product of power spectra: a loop for each case, as the compiler needs."""
    if adjoint < 0:
        if add:
            for f in range(weights.shape[0]):
                vectors[to, 0, f] += scalar * weights[f] * vectors[other, 0, f]
        else:
            for f in range(weights.shape[0]):
                vectors[to, 0, f] = scalar * weights[f] * vectors[other, 0, f]
    elif add:
        for f in range(weights.shape[0]):
            vectors[to, 0, f] += (vectors[adjoint, 0, f] + scalar * weights[f]) * vectors[other, 0, f]
    else:
        for f in range(weights.shape[0]):
            vectors[to, 0, f] = (vectors[adjoint, 0, f] + scalar * weights[f]) * vectors[other, 0, f]


@inlined
def sum_back(vectors: Floats, to: int, adjoint: int, scalar: float, add: int, weights: Floats) -> None:
    """The adjoint of a term, from that of a sum of power spectra."""
    for f in range(weights.shape[0]):
        value = vectors[adjoint, 0, f] + scalar * weights[f] if adjoint >= 0 else scalar * weights[f]
        vectors[to, 0, f] = vectors[to, 0, f] + value if add else value


@inlined
def power_back(vectors: Floats, to: int, adjoint: int, scalar: float, of: int, add: int, weights: Floats) -> None:
    """The adjoint of a transfer function, from that of its power spectrum."""
    twice = scalar + scalar
    if adjoint < 0:
        if add:
            for f in range(weights.shape[0]):
                value = twice * weights[f]
                vectors[to, 0, f] += value * vectors[of, 0, f]
                vectors[to, 1, f] += value * vectors[of, 1, f]
        else:
            for f in range(weights.shape[0]):
                value = twice * weights[f]
                vectors[to, 0, f] = value * vectors[of, 0, f]
                vectors[to, 1, f] = value * vectors[of, 1, f]
    elif add:
        for f in range(weights.shape[0]):
            value = (vectors[adjoint, 0, f] + vectors[adjoint, 0, f]) + twice * weights[f]
            vectors[to, 0, f] += value * vectors[of, 0, f]
            vectors[to, 1, f] += value * vectors[of, 1, f]
    else:
        for f in range(weights.shape[0]):
            value = (vectors[adjoint, 0, f] + vectors[adjoint, 0, f]) + twice * weights[f]
            vectors[to, 0, f] = value * vectors[of, 0, f]
            vectors[to, 1, f] = value * vectors[of, 1, f]


@inlined
def complex_back(vectors: Floats, to: int, adjoint: int, other: int, add: int) -> None:
    """The adjoint of a factor, from that of a product of transfer functions: conj(other) times it."""
    if add:
        for f in range(vectors.shape[2]):
            x0, x1 = vectors[other, 0, f], vectors[other, 1, f]
            x2, x3 = vectors[adjoint, 0, f], vectors[adjoint, 1, f]
            vectors[to, 0, f] += x0 * x2 + x1 * x3
            vectors[to, 1, f] += x0 * x3 - x1 * x2
    else:
        for f in range(vectors.shape[2]):
            x0, x1 = vectors[other, 0, f], vectors[other, 1, f]
            x2, x3 = vectors[adjoint, 0, f], vectors[adjoint, 1, f]
            vectors[to, 0, f] = x0 * x2 + x1 * x3
            vectors[to, 1, f] = x0 * x3 - x1 * x2


@inlined
def pull_back(flat: Floats, of: int, first: int, length: int, waves: Floats, gradient: Floats) -> None:
    """The gradient on taps, from the adjoint of their transfer function: row `of` of `flat` (V, 2 F).

    Four taps a pass, after a first one of five where that saves one.
    """
    zero, size, rest = gradient.dtype.type(0), flat.shape[1], length % 4
    t = 0
    if rest == 1 and length > 4:
        x0 = x1 = x2 = x3 = x4 = zero
        for f in range(size):
            value = flat[of, f]
            x0 += waves[0, f] * value
            x1 += waves[1, f] * value
            x2 += waves[2, f] * value
            x3 += waves[3, f] * value
            x4 += waves[4, f] * value
        gradient[first], gradient[first + 1], gradient[first + 2], gradient[first + 3] = x0, x1, x2, x3
        gradient[first + 4] = x4
        t = 5
    while t % 4 != rest:
        x0 = zero
        for f in range(size):
            x0 += waves[t, f] * flat[of, f]
        gradient[first + t] = x0
        t += 1
    while t < length:
        x0 = x1 = x2 = x3 = zero
        for f in range(size):
            value = flat[of, f]
            x0 += waves[t, f] * value
            x1 += waves[t + 1, f] * value
            x2 += waves[t + 2, f] * value
            x3 += waves[t + 3, f] * value
        gradient[first + t], gradient[first + t + 1] = x0, x1
        gradient[first + t + 2], gradient[first + t + 3] = x2, x3
        t += 4

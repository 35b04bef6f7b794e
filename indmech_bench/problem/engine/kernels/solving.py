"""Least squares: what an output is compared by, its derivatives, and the damped normal equations of one row."""

from __future__ import annotations

import math

from indmech_bench.problem.engine.arrays import Floats
from indmech_bench.problem.engine.kernels.compiling import inlined
from indmech_bench.problem.engine.kernels.losses import IMPULSE, SPECTRUM, TINY


@inlined
def compare(
    vectors: Floats,
    to: int,
    of: int,
    kind: int,
    target: Floats,
    r: int,
    e: int,
    share: float,
    floor: float,
    weights: Floats,
    residuals: Floats,
    part: int,
) -> None:
    """Residuals of an output from row `part` on, and in vector `to` their slope.

    Of an impulse T - target, of a spectrum sqrt S - target, of samples 1 - I / S with the slope of log S: J'r is along
    the gradient of the loss.
    """
    zero, one = vectors.dtype.type(0), vectors.dtype.type(1)
    for f in range(weights.shape[0]):
        value = math.sqrt(share * weights[f])
        if kind == IMPULSE:
            residuals[part, f] = value * (vectors[of, 0, f] - target[r, e, 0, f])
            residuals[part + 1, f] = value * (vectors[of, 1, f] - target[r, e, 1, f])
            vectors[to, 0, f] = value
            vectors[to, 1, f] = zero
        elif kind == SPECTRUM:
            x0 = math.sqrt(max(vectors[of, 0, f], TINY))
            residuals[part, f] = value * (x0 - target[r, e, 0, f])
            vectors[to, 0, f] = value / (x0 + x0) if vectors[of, 0, f] > TINY else zero
        else:
            x0 = one / (vectors[of, 0, f] + floor)
            residuals[part, f] = value * (one - target[r, e, 0, f] * x0)
            vectors[to, 0, f] = value * x0


@inlined
def linear_complex(
    vectors: Floats, of: int, first: int, length: int, part: int, table: Floats, jacobian: Floats, held: int
) -> None:
    """Derivatives of a transfer function by taps: the adjoint is conjugate to them."""
    for t in range(length):
        for f in range(vectors.shape[2]):
            x0, x1 = vectors[of, 0, f], vectors[of, 1, f]
            x2, x3 = table[t, 0, f], table[t, 1, f]
            jacobian[held, first + t, part, f] = x0 * x2 + x1 * x3
            jacobian[held, first + t, part + 1, f] = x0 * x3 - x1 * x2


@inlined
def linear_real(
    vectors: Floats, of: int, first: int, length: int, part: int, table: Floats, jacobian: Floats, held: int
) -> None:
    """Derivatives of a function of the power spectrum by taps."""
    for t in range(length):
        for f in range(vectors.shape[2]):
            value = vectors[of, 0, f] * table[t, 0, f] + vectors[of, 1, f] * table[t, 1, f]
            jacobian[held, first + t, part, f] = value


@inlined
def normal_equations(derivatives: Floats, held: int, residuals: Floats, squares: Floats, right: Floats) -> float:
    """The lower half of J'J and J'r, from a transposed Jacobian; returns the trace."""
    zero = residuals.dtype.type(0)
    trace = zero
    for i in range(right.shape[0]):
        x0 = zero
        for f in range(residuals.shape[0]):
            x0 += derivatives[held, i, f] * residuals[f]
        right[i] = x0
        k = 0
        while k + 4 <= i + 1:
            x0 = x1 = x2 = x3 = zero
            for f in range(residuals.shape[0]):
                value = derivatives[held, i, f]
                x0 += value * derivatives[held, k, f]
                x1 += value * derivatives[held, k + 1, f]
                x2 += value * derivatives[held, k + 2, f]
                x3 += value * derivatives[held, k + 3, f]
            squares[i, k], squares[i, k + 1] = x0, x1
            squares[i, k + 2], squares[i, k + 3] = x2, x3
            k += 4
        while k <= i:
            x0 = zero
            for f in range(residuals.shape[0]):
                x0 += derivatives[held, i, f] * derivatives[held, k, f]
            squares[i, k] = x0
            k += 1
        trace += squares[i, i]
    return trace


@inlined
def solve(squares: Floats, right: Floats, ridge: float) -> None:
    """(squares + ridge I)^-1 right in place, by Cholesky's factor; NaN where the matrix is singular."""
    size = right.shape[0]
    for i in range(size):
        for k in range(i):
            x0 = squares[i, k]
            for t in range(k):
                x0 -= squares[i, t] * squares[k, t]
            squares[i, k] = x0 / squares[k, k]
        x0 = squares[i, i] + ridge
        for t in range(i):
            x0 -= squares[i, t] * squares[i, t]
        squares[i, i] = math.sqrt(x0)
        x0 = right[i]
        for t in range(i):
            x0 -= squares[i, t] * right[t]
        right[i] = x0 / squares[i, i]
    for i in range(size - 1, -1, -1):
        right[i] /= squares[i, i]
        for t in range(i):
            right[t] -= right[i] * squares[i, t]

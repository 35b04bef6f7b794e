"""All solutions of an impulse problem with two FIR mechanisms: the zeros of the composite kernel are shared out.

Work is done in numpy float64, one replicate at a time. Polynomials have the coefficient of the first tap first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indmech_bench.errors import UnsupportedError

Array = NDArray[np.float64]

REPEATED = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
"""Radii tried for repeated zeros: an m-fold zero is computed with an error of about eps^(1/m)."""

DAMPING = 1e-14
"""Of the steps that polish solutions, relative to the mean diagonal."""


LONGEST = 128
"""Taps of a kernel whose zeros are computed, at most: a dense eigenvalue problem of their number."""


def check_zeros(taps: int) -> None:
    """Raises UnsupportedError for a kernel of more than LONGEST taps."""
    if taps > LONGEST:
        raise UnsupportedError(f"zeros are computed of kernels of at most {LONGEST} taps, not of {taps:,}")


@dataclass(frozen=True)
class RealFactor:
    """A real factor that cannot be split between real kernels: one zero, a conjugate pair, or a delay; repeated."""

    coefficients: Array
    multiplicity: int

    @property
    def degree(self) -> int:
        return len(self.coefficients) - 1


def real_factors(composite: Array) -> list[RealFactor]:
    """The real factors of a kernel with their multiplicities, in a reproducible order.

    Zeros are taken as repeated when the polynomial with their mean in place of them is the given one to 1e-11.
    """
    support = np.flatnonzero(composite)
    if not len(support):
        raise ValueError("a kernel of zeros has no factors")
    delays, trailing = int(support[0]), len(composite) - 1 - int(support[-1])
    core = composite[support[0] : support[-1] + 1]
    roots = np.roots(core).astype(np.complex128)
    clusters = [(root, 1) for root in roots]
    for radius in REPEATED:
        candidate = _clusters(roots, radius)
        if len(candidate) == len(roots):
            break
        expanded = np.real(np.poly(np.repeat([c for c, _ in candidate], [m for _, m in candidate])))
        if np.linalg.norm(core[0] * expanded - core) <= 1e-11 * np.linalg.norm(core):
            clusters = candidate
            break
    factors = []
    for root, multiplicity in sorted(clusters, key=lambda c: (c[0].real, c[0].imag)):
        if abs(root.imag) <= 1e-12 * (1 + abs(root)):
            factors.append(RealFactor(np.array([1.0, -root.real]), multiplicity))
        elif root.imag > 0:
            factors.append(RealFactor(np.array([1.0, -2 * root.real, abs(root) ** 2]), multiplicity))
    if delays:
        factors.append(RealFactor(np.array([0.0, 1.0]), delays))
    if trailing:
        factors.append(RealFactor(np.array([1.0, 0.0]), trailing))
    return factors


def _clusters(roots: NDArray[np.complex128], radius: float) -> list[tuple[complex, int]]:
    """Zeros within `radius` (relative to 1 + |root|) of each other joined to their mean, closed under conjugation."""
    left = list(roots)
    clusters: list[tuple[complex, int]] = []
    while left:
        members = [left.pop(int(np.argmax([r.imag for r in left])))]
        grown = True
        while grown:
            near = [r for r in left if min(abs(r - m) for m in members) <= radius * (1 + abs(r))]
            grown = bool(near)
            members += near
            left = [r for r in left if not any(r is m for m in near)]
        mean = complex(np.mean(members))
        if abs(mean.imag) <= radius * (1 + abs(mean)):
            clusters.append((complex(mean.real, 0.0), len(members)))
        else:
            clusters.append((mean, len(members)))
    return clusters


def count_assignments(factors: list[RealFactor], degree: int) -> int:
    """How many ways there are to give the first kernel zeros of this total degree."""
    ways = [1] + [0] * degree
    for factor in factors:
        ways = [
            sum(
                ways[d - taken * factor.degree]
                for taken in range(factor.multiplicity + 1)
                if d >= taken * factor.degree
            )
            for d in range(degree + 1)
        ]
    return ways[degree]


def count_solutions(composite: Array, lengths: tuple[int, int]) -> int:
    """The number of pairs of real kernels of these lengths, up to scale, whose convolution is the composite kernel."""
    return count_assignments(real_factors(composite), lengths[0] - 1)


def convolve(first: Array, second: Array) -> Array:
    """Convolution of each row of (S, L1) with the same row of (S, L2): (S, L1 + L2 - 1)."""
    out = np.zeros((len(first), first.shape[1] + second.shape[1] - 1))
    for lag in range(second.shape[1]):
        out[:, lag : lag + first.shape[1]] += second[:, lag, None] * first
    return out


def convolution_jacobian(first: Array, second: Array) -> Array:
    """d(first * second) / d(first, second) for each row: (S, L1 + L2 - 1, L1 + L2)."""
    (rows, l1), l2 = first.shape, second.shape[1]
    jacobian = np.zeros((rows, l1 + l2 - 1, l1 + l2))
    for i in range(l1):
        jacobian[:, i : i + l2, i] = second
    for j in range(l2):
        jacobian[:, j : j + l1, l1 + j] = first
    return jacobian


def polished(first: Array, second: Array, composite: Array) -> tuple[Array, Array]:
    """Newton steps of minimum norm in balanced scale, each kept only where it brings the composite nearer.

    A step is J'(JJ' + mu I)^-1 r with mu as small as JJ' can bear: where the kernels share a zero J is singular.
    """
    size = np.linalg.norm(composite)
    balance = np.sqrt(np.linalg.norm(second, axis=-1, keepdims=True))
    first, second = first * balance, second / balance
    residual = convolve(first, second) - composite
    for _ in range(4):
        rough = np.flatnonzero(np.abs(residual).max(-1, initial=0.0) > 1e-15 * size)
        if not len(rough):
            break
        jacobian = convolution_jacobian(first[rough], second[rough])
        squares = jacobian @ jacobian.swapaxes(1, 2)
        ridge = DAMPING * np.trace(squares, axis1=1, axis2=2) / len(composite)
        damped = squares + ridge[:, None, None] * np.eye(len(composite))
        step = (jacobian.swapaxes(1, 2) @ np.linalg.solve(damped, residual[rough, :, None]))[:, :, 0]
        new_first, new_second = first[rough] - step[:, : first.shape[1]], second[rough] - step[:, first.shape[1] :]
        new_residual = convolve(new_first, new_second) - composite
        better = np.linalg.norm(new_residual, axis=-1) < np.linalg.norm(residual[rough], axis=-1)
        kept = rough[better]
        first[kept], second[kept], residual[kept] = new_first[better], new_second[better], new_residual[better]
    norm = np.linalg.norm(first, axis=-1, keepdims=True)
    return first / norm, second * norm

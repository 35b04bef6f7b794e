"""The solutions of an impulse problem with two FIR mechanisms as a list that need not be held: made block by block.

Tens of thousands of pairs take long to polish; what tells them apart are a few small whole numbers each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indmech_bench.errors import UnsupportedError
from indmech_bench.scm.factorisation import (
    Array,
    RealFactor,
    convolve,
    count_assignments,
    polished,
    real_factors,
)

LIMIT = 200_000
HELD = 3_000
"""Solutions that are polished all at once, at most: half a millisecond each, for what a choice does not see."""


@dataclass(frozen=True, eq=False)
class SolutionList:
    """All pairs of real kernels, up to scale, whose convolution is `composite` (L1 + L2 - 1 taps), in a fixed order.

    taken: how many copies of each factor the first kernel gets, (S, F).
    """

    composite: Array
    lengths: tuple[int, int]
    factors: tuple[RealFactor, ...]
    taken: NDArray[np.int8]

    @classmethod
    def of(cls, composite: Array, lengths: tuple[int, int], limit: int = LIMIT) -> SolutionList:
        """Raises UnsupportedError where there are more than `limit`."""
        l1, l2 = lengths
        if composite.shape != (l1 + l2 - 1,):
            raise ValueError(f"a composite of lengths {lengths} has {l1 + l2 - 1} taps, not {composite.shape}")
        factors = real_factors(composite)
        count = count_assignments(factors, l1 - 1)
        if count > limit:
            raise UnsupportedError(f"the problem has {count:,} solutions, more than the {limit:,} that are enumerated")
        return cls(composite, lengths, tuple(factors), _assignments(factors, l1 - 1))

    def __len__(self) -> int:
        return len(self.taken)

    def block(self, start: int, stop: int) -> tuple[Array, Array]:
        """Kernels (B, L1) of unit norm and (B, L2) of these solutions, as accurate as the zeros: not polished."""
        total = np.array([factor.multiplicity for factor in self.factors], dtype=np.int8)
        taken = self.taken[start:stop]
        first, second = (
            _product(self.factors, copies, length)
            for copies, length in zip((taken, total - taken), self.lengths, strict=True)
        )
        composites = convolve(first, second)
        return first, second * ((composites @ self.composite) / (composites * composites).sum(-1))[:, None]

    def one(self, index: int) -> tuple[Array, Array]:
        """A solution (L1,) of unit norm and (L2,), polished."""
        first, second = polished(*self.block(index, index + 1), self.composite)
        return first[0], second[0]


def enumerate_solutions(composite: Array, lengths: tuple[int, int], limit: int = LIMIT) -> tuple[Array, Array]:
    """All pairs of real kernels, up to scale, whose convolution is `composite` (L1 + L2 - 1 taps).

    Returns kernels (S, L1) of unit norm and (S, L2), polished by minimum-norm Newton steps. Raises UnsupportedError
    when there are more than `limit` solutions. Up to numerical accuracy repeated zeros give each solution once.
    """
    solutions = SolutionList.of(composite, lengths, limit)
    return polished(*solutions.block(0, len(solutions)), composite)


def _assignments(factors: list[RealFactor], degree: int) -> NDArray[np.int8]:
    """Per solution, how many copies of each factor the first kernel gets: (S, F)."""
    taken, used = np.zeros((1, 0), dtype=np.int8), np.zeros(1, dtype=np.int64)
    reach = [sum(g.degree * g.multiplicity for g in factors[i:]) for i in range(len(factors) + 1)]
    for i, factor in enumerate(factors):
        copies = np.arange(factor.multiplicity + 1)
        after = used[:, None] + copies * factor.degree
        parents, kept = np.nonzero((after <= degree) & (degree <= after + reach[i + 1]))
        taken = np.concatenate([taken[parents], kept[:, None].astype(np.int8)], 1)
        used = after[parents, kept]
    return taken


def _product(factors: tuple[RealFactor, ...], copies: NDArray[np.int8], length: int) -> Array:
    """Kernels (S, length) with copies[s, i] of factor i, built up factor by factor, each with unit norm."""
    kernels = np.zeros((len(copies), length))
    kernels[:, 0] = 1.0
    for i, factor in enumerate(factors):
        for repeat in range(factor.multiplicity):
            grown = factor.coefficients[0] * kernels
            for lag in range(1, factor.degree + 1):
                grown[:, lag:] += factor.coefficients[lag] * kernels[:, :-lag]
            kernels = np.where((copies[:, i] > repeat)[:, None], grown, kernels)
    return kernels / np.linalg.norm(kernels, axis=-1, keepdims=True)

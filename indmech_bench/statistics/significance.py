"""Do two methods, or two runs, differ? Paired and unpaired tests, and their correction for many.

Tables test on `score`, of which a failed replicate has 0. Two values within 1e-6 max(1, |a|, |b|) tie, two infinite
ones too; beyond that only the sign and order of differences count, so that infinity is a value like any other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

TIE = 1e-6
EXACT = 50
"""Up to so many differences the signed-rank distribution is enumerated, beyond them it is taken as normal."""


def tied(a: ArrayLike, b: ArrayLike) -> NDArray[np.bool_]:
    """Which values are the same to within 1e-6 max(1, |a|, |b|), element by element; infinity ties with itself."""
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    with np.errstate(invalid="ignore"):
        near = np.abs(first - second) <= TIE * np.maximum(1, np.maximum(np.abs(first), np.abs(second)))
    return (near & np.isfinite(first) & np.isfinite(second)) | (first == second)


def differences(a: ArrayLike, b: ArrayLike) -> Floats:
    """b - a, and 0 for what ties; infinite where one of the two is."""
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    same = tied(first, second)
    return np.where(same, 0.0, np.where(same, 0.0, second) - np.where(same, 0.0, first))


def tied_ranks(values: ArrayLike) -> Floats:
    """Ranks along the last axis, 1 the smallest; values that tie with their neighbour in order share the mean rank."""
    numbers = np.asarray(values, dtype=float)
    order = np.argsort(numbers, axis=-1, kind="stable")
    ascending = np.take_along_axis(numbers, order, -1)
    position = np.broadcast_to(np.arange(1, numbers.shape[-1] + 1, dtype=float), numbers.shape)
    same = tied(ascending[..., 1:], ascending[..., :-1])
    first, last = position.copy(), position.copy()
    for i in range(1, numbers.shape[-1]):
        first[..., i] = np.where(same[..., i - 1], first[..., i - 1], first[..., i])
        last[..., -i - 1] = np.where(same[..., -i], last[..., -i], last[..., -i - 1])
    ranks = np.empty(numbers.shape)
    np.put_along_axis(ranks, order, (first + last) / 2, -1)
    return ranks


def signed_rank_pvalue(differing: ArrayLike) -> float:
    """Two-sided p of Wilcoxon's signed-rank test on paired differences; zeros are left out, ties share ranks.

    Exact given the ranks for up to EXACT differences, else normal with tie and continuity correction. For differences
    of 0 and 1 alone it is McNemar's test. 1 where nothing differs.
    """
    values = np.asarray(differing, dtype=float)
    values = values[values != 0]
    n = len(values)
    if not n:
        return 1.0
    _, index, count = np.unique(np.abs(values), return_inverse=True, return_counts=True)
    doubled = (2 * np.cumsum(count) - count + 1)[index]  # twice the mean ranks: whole numbers
    total = int(doubled.sum())
    positive = int(doubled[values > 0].sum())
    smaller = min(positive, total - positive)
    if n <= EXACT:
        ways = np.zeros(total + 1)
        ways[0] = 1.0
        for rank in doubled:
            ways[rank:] = (ways[rank:] + ways[:-rank]) / 2
            ways[:rank] /= 2
        return min(1.0, 2 * float(ways[: smaller + 1].sum()))
    deviation = math.sqrt(float((doubled.astype(float) ** 2).sum()) / 4)
    # sums of doubled ranks move in steps of 2, so that the correction is 1
    return min(1.0, math.erfc(max(0.0, total / 2 - smaller - 1) / deviation / math.sqrt(2)))


def sign_pvalue(differing: ArrayLike) -> float:
    """Two-sided p of the exact sign test on paired differences: how often one is better and worse; zeros are left out.

    It asks how often, where the signed ranks weigh large differences more. 1 where nothing differs.
    """
    values = np.asarray(differing, dtype=float)
    n = int((values != 0).sum())
    fewer = min(int((values > 0).sum()), int((values < 0).sum()))
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n)


def holm(pvalues: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values (1979): below a level they keep the chance of any false finding below it."""
    order = np.argsort(pvalues, kind="stable")
    adjusted = [1.0] * len(pvalues)
    largest = 0.0
    for position, index in enumerate(order):
        largest = max(largest, min(1.0, (len(pvalues) - position) * pvalues[index]))
        adjusted[index] = largest
    return adjusted


def rank_sum_pvalue(a: ArrayLike, b: ArrayLike) -> float:
    """Two-sided p of the Mann-Whitney test on two independent samples, by ranks that know ties and infinity."""
    from scipy.stats import mannwhitneyu

    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    ranks = tied_ranks(np.concatenate([first, second]))
    if len(first) == 0 or len(second) == 0 or np.ptp(ranks) == 0:
        return 1.0
    return float(mannwhitneyu(ranks[: len(first)], ranks[len(first) :], alternative="two-sided").pvalue)


def rates_pvalue(successes_a: int, n_a: int, successes_b: int, n_b: int) -> float:
    """Two-sided p of Fisher's exact test on two rates of independent samples.

    Args:
        successes_a: of n_a trials.
        n_a: trials of the first sample.
        successes_b: of n_b trials.
        n_b: trials of the second sample.
    """
    from scipy.stats import fisher_exact

    table = [[successes_a, n_a - successes_a], [successes_b, n_b - successes_b]]
    return float(fisher_exact(table).pvalue)

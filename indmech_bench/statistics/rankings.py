"""Who stands first by a mean over families of means over tasks, and how much of it hangs on which tasks there were.

Every family counts alike, and within a family every task: in a pool of all replicates a task could drop out of a
method's middle half altogether, so that failing on it would cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from indmech_bench.statistics.estimates import interquartile_mean
from indmech_bench.statistics.resampling import (
    FEWEST,
    LEVEL,
    SEED,
    interquartile_mean_interval,
    interquartile_means,
)
from indmech_bench.statistics.significance import TIE

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Scores:
    """The scores of one method, task by task, each in the order of its seeds; the family of each task."""

    samples: tuple[Floats, ...]
    families: tuple[str, ...]

    @cached_property
    def means(self) -> Floats:
        """The interquartile mean of each task, (T,)."""
        return np.array([interquartile_mean(sample) for sample in self.samples])

    @cached_property
    def resampled(self) -> Floats | None:
        """The same in bootstrap resamples of each task's seeds, (T, B); None where a task has too few."""
        enough = self.samples and min(map(len, self.samples)) >= FEWEST
        return interquartile_means(self.samples) if enough else None

    @property
    def aggregate(self) -> float:
        """Mean over families of the mean over their tasks of the interquartile mean; NaN without tasks."""
        return float(weights(self.families) @ self.means) if self.samples else float("nan")

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the aggregate, these tasks given: seeds are resampled within each."""
        if self.resampled is None:
            return None
        return interquartile_mean_interval(self.samples, weights(self.families), self.resampled)


@dataclass(frozen=True)
class Ranking:
    """Ranks of M methods by their aggregates, 1 the best; methods within 1e-6 of each other share one.

    ranks: (M,). intervals: (M, 2), 95 % percentiles of the rank. tiers: (M,). Both None where a task has too few seeds.
    left_out: (M, T), the rank without each of the tasks; None where there is one. resampled: what was drawn anew for
    intervals and tiers.
    """

    ranks: Integers
    intervals: Integers | None
    tiers: Integers | None
    left_out: Integers | None
    resampled: str


def weights(families: Sequence[str]) -> Floats:
    """The weight of each task, (T,), of sum 1: families count alike, and within one its tasks."""
    return _within(families).mean(axis=0)


def rank_methods(methods: Sequence[Scores]) -> Ranking:
    """Rank methods that were seen on the same tasks and seeds.

    The bootstrap draws families with replacement and, within each of their tasks, seeds; of a single family its tasks
    and seeds, of a single task its seeds. All methods are seen on the same draws. Tier 1 holds the best method and
    those whose difference to it has a 95 % interval that holds 0; the best of the others opens tier 2, and so on.
    """
    families = methods[0].families
    means = np.stack([method.means for method in methods])
    aggregates = means @ weights(families)
    several = len(set(families)) > 1
    units = _units(families)
    replicates = _aggregates(methods)
    return Ranking(
        ranks=ranks(aggregates),
        intervals=None if replicates is None else _middle(ranks(replicates)),
        tiers=None if replicates is None else _tiers(aggregates, replicates),
        left_out=_left_out(means, families) if len(families) > 1 else None,
        resampled=f"{'families' if several else 'tasks'} and seeds" if len(units) > 1 else "seeds",
    )


def resolved_order(methods: Sequence[Scores]) -> Integers | None:
    """(M, M): 1 where the first is better than the second, -1 where worse, 0 where the draws do not tell them apart.

    By the 95 % interval of their difference in the same bootstrap as that of `rank_methods`; None where a task has too
    few seeds.
    """
    replicates = _aggregates(methods)
    if replicates is None:
        return None
    low, high = np.moveaxis(np.stack([_middle(own - replicates) for own in replicates]), -1, 0)
    return (low > TIE).astype(int) - (high < -TIE)


def _units(families: Sequence[str]) -> tuple[str, ...]:
    """What is drawn anew besides seeds: families, or of one family its tasks."""
    return tuple(families) if len(set(families)) > 1 else tuple(map(str, range(len(families))))


def _aggregates(methods: Sequence[Scores]) -> Floats | None:
    """(M, B): the aggregates in bootstrap resamples; None where a task has too few seeds."""
    drawn = [method.resampled for method in methods]
    if any(one is None for one in drawn):
        return None
    return _replicates([one for one in drawn if one is not None], _units(methods[0].families))


def ranks(aggregates: Floats) -> Integers:
    """1 and how many methods are better by more than 1e-6, along the first axis."""
    return 1 + np.stack([(aggregates - own > TIE).sum(axis=0) for own in aggregates])


def _within(units: Sequence[str]) -> Floats:
    """(units, T): what each task weighs in the mean of its unit."""
    member = np.array([[unit == other for other in units] for unit in dict.fromkeys(units)], dtype=float)
    return member / member.sum(axis=1, keepdims=True)


def _replicates(resampled: Sequence[Floats], units: Sequence[str]) -> Floats:
    """(M, B): the aggregates in resamples of units and, within their tasks, seeds. `resampled`: (T, B) a method."""
    within = _within(units)
    count, draws = len(within), resampled[0].shape[1]
    if count == 1:
        return np.stack([(within @ means)[0] for means in resampled])
    chosen = np.random.Generator(np.random.Philox(SEED + 1)).integers(0, count, (count, draws))
    shares = np.stack([(chosen == unit).mean(axis=0) for unit in range(count)])
    return np.stack([(shares * (within @ means)).sum(axis=0) for means in resampled])


def _middle(replicates: NDArray[np.generic]) -> Integers:
    """95 % percentiles along the last axis, (..., 2): values that occurred."""
    ordered = np.sort(replicates, axis=-1)
    tail = int((1 - LEVEL) / 2 * ordered.shape[-1])
    return np.stack([ordered[..., tail], ordered[..., -tail - 1]], axis=-1)


def _tiers(aggregates: Floats, replicates: Floats) -> Integers:
    tiers = np.zeros(len(aggregates), dtype=int)
    left = np.argsort(-aggregates, kind="stable")
    tier = 0
    while len(left):
        tier += 1
        low, high = np.moveaxis(_middle(replicates[left[0]] - replicates[left]), -1, 0)
        same = (low <= TIE) & (high >= -TIE)
        tiers[left[same]] = tier
        left = left[~same]
    return tiers


def _left_out(means: Floats, families: Sequence[str]) -> Integers:
    """(M, T): the ranks without each task."""
    without = [[*families[:task], *families[task + 1 :]] for task in range(len(families))]
    others = [np.delete(means, task, axis=1) @ weights(left) for task, left in enumerate(without)]
    return np.stack([ranks(aggregates) for aggregates in others], axis=1)

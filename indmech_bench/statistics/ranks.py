"""How methods stand to each other on the same (task, seed) pairs: ranks, wins, profiles, critical differences.

`scores` and `errors` are always (pairs, methods), 0 and infinite where a replicate failed: the same method that fails
more often never stands better in any of these.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indmech_bench.errors import InputError
from indmech_bench.statistics.estimates import wilson_interval
from indmech_bench.statistics.resampling import mean_interval
from indmech_bench.statistics.significance import differences, tied_ranks

Floats = NDArray[np.float64]

THRESHOLDS = (0.01, 0.03, 0.1, 0.3, 0.5, 0.9, 1.0, 3.0, 10.0)
"""Errors at which performance profiles are told; 0.5 is about the best constant prediction, 0.9 white noise."""
MOST = 10
"""Most methods that critical differences are shown for."""
LEVEL = 0.05


def mean_ranks(scores: ArrayLike) -> Floats:
    """Mean over pairs of each method's rank by score, 1 the best; ties share the mean of their ranks."""
    return _ranked(scores).mean(axis=0)


def _ranked(scores: ArrayLike) -> Floats:
    return tied_ranks(-np.asarray(scores, dtype=float))


def profiles(errors: ArrayLike, thresholds: Sequence[float] = THRESHOLDS) -> Floats:
    """(methods, thresholds): share of the pairs in which the error is at most the threshold (Dolan and More 2002)."""
    values = np.asarray(errors, dtype=float)
    return np.stack([(values <= threshold).mean(axis=0) for threshold in thresholds], axis=1)


def probability_of_improvement(
    scores: ArrayLike, others: ArrayLike, strata: Sequence[Hashable]
) -> tuple[float, tuple[float, float] | None]:
    """Share of pairs in which a method scores more than another, a tie counting half, and its 95 % interval.

    The interval is a BCa bootstrap over pairs, stratified by task; where one side wins every pair, and resampling
    shows no variation, it is Wilson's.
    """
    wins = (1 + np.sign(differences(others, scores))) / 2
    if len(wins) > 1 and wins.min() == wins.max() != 0.5:
        return float(wins[0]), wilson_interval(int(wins.sum()), len(wins))
    samples: dict[Hashable, list[float]] = {}
    for stratum, win in zip(strata, wins.tolist(), strict=True):
        samples.setdefault(stratum, []).append(win)
    return float(wins.mean()), mean_interval([*samples.values()])


@dataclass(frozen=True)
class CriticalDifference:
    """Friedman's test over all methods, Nemenyi's between any two, and the cliques that it cannot tell apart.

    names: best mean rank first; ranks: their mean ranks; pvalues: (methods, methods), Nemenyi's, corrected for the
    number of pairs of methods; difference: of mean ranks, that is significant at 5 %; cliques: largest runs of
    neighbours in which no two differ at 5 %, of two methods or more.
    """

    names: tuple[str, ...]
    ranks: tuple[float, ...]
    pairs: int
    friedman: float
    difference: float
    pvalues: Floats
    cliques: tuple[tuple[str, ...], ...]


def critical_difference(scores: ArrayLike, names: Sequence[str]) -> CriticalDifference:
    """Demsar's comparison (2006) of 3 to MOST methods on the same pairs. Raises InputError for another number."""
    from scikit_posthocs import posthoc_nemenyi_friedman
    from scipy.stats import friedmanchisquare, studentized_range

    if not 3 <= len(names) <= MOST:
        raise InputError(f"critical differences are for 3 to {MOST} methods, not {len(names)}.")
    ranked = _ranked(scores)
    mean = ranked.mean(axis=0)
    order = np.argsort(mean, kind="stable")
    pairs, methods = ranked.shape
    same = bool((ranked == ranked[:, :1]).all())
    friedman = 1.0 if same else float(friedmanchisquare(*ranked.T).pvalue)
    pvalues = posthoc_nemenyi_friedman(ranked).to_numpy(dtype=float)[np.ix_(order, order)]
    quantile = float(studentized_range.ppf(1 - LEVEL, methods, np.inf)) / np.sqrt(2)
    return CriticalDifference(
        names=tuple(names[i] for i in order),
        ranks=tuple(float(mean[i]) for i in order),
        pairs=pairs,
        friedman=friedman,
        difference=quantile * float(np.sqrt(methods * (methods + 1) / (6 * pairs))),
        pvalues=pvalues,
        cliques=_cliques([names[i] for i in order], pvalues),
    )


def _cliques(names: Sequence[str], pvalues: Floats) -> tuple[tuple[str, ...], ...]:
    """The longest runs of neighbours in rank that Nemenyi's test cannot tell apart, none inside another."""
    found: list[tuple[str, ...]] = []
    reach = 0
    for first in range(len(names)):
        last = max(j for j in range(first, len(names)) if j == first or pvalues[first, j] >= LEVEL)
        if last > first and last > reach:
            found.append(tuple(names[first : last + 1]))
            reach = last
    return tuple(found)

"""The few statistics that tables show."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

Z_95 = 1.959963984540054


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """95 % Wilson score interval of a rate (Wilson 1927)."""
    rate, share = successes / trials, Z_95**2 / trials
    middle = (rate + share / 2) / (1 + share)
    half = np.sqrt(rate * (1 - rate) * share + share**2 / 4) / (1 + share)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def interquartile_mean(values: ArrayLike) -> float:
    """Mean of the middle half: a quarter (rounded down) of the values is left out at either end."""
    ordered = np.sort(np.asarray(values, dtype=float))
    cut = len(ordered) // 4
    return float(ordered[cut : len(ordered) - cut].mean())


def range_of_several(values: ArrayLike) -> tuple[float, float] | None:
    """The least and the largest of values that are too few for an interval of their median. None for one alone."""
    numbers = np.asarray(values, dtype=float)
    return (float(numbers.min()), float(numbers.max())) if len(numbers) > 1 else None


def median_interval(values: ArrayLike) -> tuple[float, float] | None:
    """95 % interval of a median by order statistics: free of any distribution. None below 6 values.

    The k-th smallest and largest, k the largest with P(Binomial(n, 1/2) < k) <= 0.025.
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    n = len(ordered)
    k, tail = 0, 0.0
    while True:
        tail += math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2))
        if tail > 0.025:
            break
        k += 1
    return (float(ordered[k - 1]), float(ordered[n - k])) if k else None

"""The few statistics that tables show."""

from __future__ import annotations

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

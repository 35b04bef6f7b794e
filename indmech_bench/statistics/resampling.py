"""Bootstrap intervals: seeded, stratified by task, quick enough to stand beside every aggregate of a table."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indmech_bench.statistics.estimates import interquartile_mean

Floats = NDArray[np.float64]

LEVEL = 0.95
FEWEST = 8
"""Below this many values (of a task) there is no interval: the middle half would be three values or fewer."""
DRAWS = 4_000_000
RESAMPLES = (500, 2_000)
"""Fewest and most resamples; between them as many as DRAWS drawn values allow."""
BLOCK = 250_000
"""Values that are worked on at a time, to stay within a processor's cache."""
SEED = 20_210_202

_NORMAL = NormalDist()


@functools.lru_cache(maxsize=4)
def resample_counts(sizes: tuple[int, ...]) -> NDArray[np.uint16]:
    """How often each value is drawn in each bootstrap resample, (n, B), of samples of these sizes, one after the other.

    Each sample is resampled within itself. The same sizes give the same counts, so that methods that are seen on the
    same (task, seed) pairs are resampled together.
    """
    n = sum(sizes)
    resamples = min(max(DRAWS // max(n, 1), RESAMPLES[0]), RESAMPLES[1])
    random = np.random.Generator(np.random.Philox(SEED))
    counts = np.zeros((n, resamples), dtype=np.uint16)
    first = 0
    for size in sizes:
        drawn = random.integers(0, size, (resamples, size), dtype=np.int64 if size > 2**31 else np.int32)
        flat = drawn + size * np.arange(resamples)[:, None]
        counts[first : first + size] = np.bincount(flat.ravel(), minlength=resamples * size).reshape(-1, size).T
        first += size
    return counts


def interquartile_means(samples: Sequence[ArrayLike]) -> Floats:
    """The interquartile mean of each sample in each bootstrap resample, (samples, B); each resampled within itself."""
    numbers = [np.asarray(sample, dtype=float) for sample in samples]
    counts = resample_counts(tuple(map(len, numbers)))
    ends = np.cumsum([len(sample) for sample in numbers])
    return np.stack(
        [_weighted(sample, counts[end - len(sample) : end]) for sample, end in zip(numbers, ends, strict=True)]
    )


def interquartile_mean_interval(
    samples: Sequence[ArrayLike], weights: ArrayLike | None = None, resampled: Floats | None = None
) -> tuple[float, float] | None:
    """95 % interval of a weighted mean of interquartile means of samples: BCa bootstrap (Efron 1987), stratified.

    The nominal level is widened to that of a t interval (expanded percentiles, Hesterberg 2015): percentiles of a
    bootstrap are narrow by sqrt(1 - 1/n) and know no t. When all resamples agree the interval is that one point. None
    where a sample has below FEWEST values.

    Where about a quarter of a sample, or three quarters, lie in a mode of their own, the interquartile mean has a
    kink as a function of that share. Plain BCa then covers 91 % (n = 32, share 0.3), the widened interval 93 to 95 %;
    two-valued scores at a share of exactly a quarter are covered in 98 %, since the mean cannot fall below the kink.

    Args:
        samples: the values of each sample.
        weights: one a sample, of sum 1; the same for all where None.
        resampled: what `interquartile_means` says of the samples, where that is known already.
    """
    numbers = [np.asarray(sample, dtype=float) for sample in samples]
    if not numbers or min(map(len, numbers)) < FEWEST:
        return None
    shares = np.full(len(numbers), 1 / len(numbers)) if weights is None else np.asarray(weights, dtype=float)
    means = shares @ (interquartile_means(numbers) if resampled is None else resampled)
    without = [share * _left_out(np.sort(sample)) for share, sample in zip(shares, numbers, strict=True)]
    estimate = float(shares @ [interquartile_mean(sample) for sample in numbers])
    return _bca(means, estimate, without)


def mean_interval(samples: Sequence[ArrayLike]) -> tuple[float, float] | None:
    """The same of the mean over all values, bounded ones such as wins. None below FEWEST values together.

    Never use it on errors, whose mean is one bad seed.
    """
    numbers = [np.asarray(sample, dtype=float) for sample in samples]
    values = np.concatenate(numbers)
    n = len(values)
    if n < FEWEST:
        return None
    means = values @ resample_counts(tuple(map(len, numbers))) / n
    return _bca(means, float(values.sum()) / n, [(values.sum() - sample) / (n - 1) for sample in numbers])


def median_difference_interval(a: ArrayLike, b: ArrayLike) -> tuple[float, float] | None:
    """95 % percentile bootstrap interval of median(b) - median(a), two independent samples that may hold infinity.

    Percentiles of resampled medians are a little wide: they cover 97 % at 32 values each, 96 % at 64. None where either
    has below FEWEST values.
    """
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if min(len(first), len(second)) < FEWEST:
        return None
    random = np.random.Generator(np.random.Philox(SEED))
    resamples = min(max(DRAWS // (len(first) + len(second)), RESAMPLES[0]), RESAMPLES[1])
    low, high = (np.median(random.choice(sample, (resamples, len(sample))), axis=1) for sample in (first, second))
    with np.errstate(invalid="ignore"):
        moved = np.sort(np.where(low == high, 0.0, high - low))
    tail = int((1 - LEVEL) / 2 * resamples)
    return float(moved[tail]), float(moved[-tail - 1])


def _weighted(values: Floats, counts: NDArray[np.uint16]) -> Floats:
    """Interquartile mean of each resample (a column of counts, (n, B)) of n values, without sorting any of them."""
    order = np.argsort(values, kind="stable")
    ordered, n = values[order], len(values)
    cut = n // 4
    steps = np.diff(ordered)
    means = np.empty(counts.shape[1])
    width = max(1, BLOCK // n)
    for first in range(0, len(means), width):
        part = slice(first, first + width)
        reached = np.cumsum(counts[:, part][order], axis=0, dtype=np.int32)
        np.clip(reached, cut, n - cut, out=reached)
        # Abel summation: sum_i w_i x_i, w the steps of `reached`, is x_n W_n - x_1 W_0 - sum_i W_i (x_(i+1) - x_i)
        means[part] = ordered[-1] * (n - cut) - ordered[0] * cut - steps @ reached[:-1].astype(float)
    return means / (n - 2 * cut)


def _left_out(ordered: Floats) -> Floats:
    """Interquartile mean of ascending values without each of them in turn (jackknife)."""
    n = len(ordered) - 1
    cut = n // 4
    first, end = cut, n - cut  # the window of what is left
    sums = np.concatenate(([0.0], np.cumsum(ordered)))
    inside = sums[end + 1] - sums[first] - ordered
    position = np.arange(n + 1)
    total = np.where(position < first, sums[end + 1] - sums[first + 1], inside)
    total = np.where(position >= end, sums[end] - sums[first], total)
    return total / (end - first)


def _acceleration(left_out: Sequence[Floats]) -> float:
    """a of BCa for several samples (Efron and Tibshirani 1993, 14.3), from jackknife values."""
    above = below = 0.0
    for values in left_out:
        centred = values.mean() - values
        above += float((centred**3).sum())
        below += float((centred**2).sum())
    return above / (6 * below**1.5) if below > 0 else 0.0


def _tail(n: int, samples: int) -> float:
    """Normal quantile that a percentile interval needs to cover like a t interval; n: values of all samples."""
    from scipy.special import stdtrit

    return math.sqrt(n / (n - samples)) * float(stdtrit(n - samples, (1 + LEVEL) / 2)) if n > samples else 0.0


def _bca(resampled: Floats, estimate: float, left_out: Sequence[Floats]) -> tuple[float, float]:
    """Percentiles of the resampled statistics that bound a BCa interval; ties with the estimate count half."""
    share = float((resampled < estimate).mean() + (resampled <= estimate).mean()) / 2
    if not 0 < share < 1:
        return float(resampled.min()), float(resampled.max())
    bias, acceleration = _NORMAL.inv_cdf(share), _acceleration(left_out)
    tail = _tail(sum(map(len, left_out)), len(left_out))

    def bound(z: float) -> float:
        return float(np.quantile(resampled, _NORMAL.cdf(bias + (bias + z) / (1 - acceleration * (bias + z)))))

    return bound(-tail), bound(tail)


def ratio_of_gains_interval(found: ArrayLike, low: ArrayLike, high: ArrayLike) -> tuple[float, float] | None:
    """95 % bootstrap interval of sum(found - low) / sum(high - low), the same replicates in all three.

    A ratio of sums: one replicate in which high is about low does not decide. Percentiles at levels widened to those of
    a t interval, as above. None below FEWEST values, and where sum(high - low) is not above 0 at the lower of these
    levels: there is nothing then to be a share of.
    """
    above, whole = (np.asarray(part, dtype=float) - np.asarray(low, dtype=float) for part in (found, high))
    if len(above) < FEWEST:
        return None
    counts = resample_counts((len(above),))
    gains, wholes = above @ counts, whole @ counts
    tail = _NORMAL.cdf(-_tail(len(above), 1))
    if np.quantile(wholes, tail) <= 0:
        return None
    inside = wholes > 0
    low_end, high_end = np.quantile(gains[inside] / wholes[inside], [tail, 1 - tail])
    return float(low_end), float(high_end)

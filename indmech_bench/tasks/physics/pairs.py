"""Are kernels of physics generic to each other? log rho of pairs of them, drawn apart, beside iid Gaussian taps."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from indmech_bench.errors import InputError
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import live
from indmech_bench.scm.factorisation import Array
from indmech_bench.scm.streams import Streams, row_key
from indmech_bench.tasks.physics.drawing import drawn
from indmech_bench.tasks.sampling import read_lengths

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = 0.05, 0.5, 0.95
NULL_SIZE = 4_000
NEAR = 0.02
"""|log rho| within which independence picks the right solution (suite `dose`)."""


@dataclass(frozen=True)
class KernelPair:
    """log rho of draws of two kernels on n samples, none conditioned on the other, and of iid Gaussian taps.

    log_rho, null: its 5 %, 50 % and 95 % quantiles. outside: share of the pairs outside of the null's 5 % and 95 %, 0.1
    under the null. p_median: (1 + #{|null_i| >= |median|}) / (1 + NULL_SIZE), the null's p of the middle one.
    near: share within NEAR of 0. mean_spectra: log rho of the two mean power spectra of unit kernels.
    """

    first: str
    second: str
    taps: str
    n: int
    pairs: int
    log_rho: tuple[float, float, float]
    null: tuple[float, float, float]
    outside: float
    p_median: float
    near: float
    mean_spectra: float


def kernel_pairs(pairs: int = 400, *, plugins: Iterable[str | Path] = ()) -> pd.DataFrame:
    """The pairs of kernels that registrations name, one line each: what `indmech-bench pairs` shows.

    A list of three numbers, such as `log_rho`, is one of quantiles: 5 %, 50 %, 95 %. Raises InputError.

    Args:
        pairs: how many draws of each pair, 10 or more.
        plugins: files that register kernels.
    """
    import pandas as pd

    return pd.DataFrame([asdict(line) for line in pair_lines(pairs, map(Path, plugins))])


def pair_lines(pairs: int, plugins: Iterable[Path] = ()) -> tuple[KernelPair, ...]:
    """The same as lines. Raises InputError."""
    if pairs < 10:
        raise InputError(f"--pairs {pairs} must be 10 or more: quantiles of fewer say nothing.")
    catalogue = Catalogue.read(plugins)
    return tuple(_line(catalogue, *named, pairs) for named in _named_pairs(catalogue))


def _named_pairs(catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    """(first, second, taps) of every registration's pairs."""
    for entry in catalogue.of_kind("kernel"):
        for second, taps in entry.facts["pairs"].items():
            yield entry.name, second, taps


def _line(catalogue: Catalogue, first: str, second: str, taps: str, pairs: int) -> KernelPair:
    lengths = read_lengths(taps, 2)
    n = 1 << int(np.ceil(np.log2(2 * sum(lengths))))
    streams = Streams((row_key("kernels", "", f"{first} and {second}", {"taps": taps}, 1, 0),))
    powers = []
    for name, length, stream in zip((first, second), lengths, ("first", "second"), strict=True):
        (generator,) = streams.generators(stream)
        kernel = live(catalogue.find("kernel", name))
        powers.append(_powers(np.stack([drawn(name, kernel, generator, length) for _ in range(pairs)]), n))
    found, null = _log_ratio(*powers), _null((lengths[0], lengths[1]), n)
    low, _, high = _three(null)
    middle = float(np.median(found))
    return KernelPair(
        first,
        second,
        taps,
        n,
        pairs,
        log_rho=_three(found),
        null=_three(null),
        outside=float(((found < low) | (found > high)).mean()),
        p_median=float((1 + (np.abs(null) >= abs(middle)).sum()) / (1 + NULL_SIZE)),
        near=float((np.abs(found) < NEAR).mean()),
        mean_spectra=float(_log_ratio(*(power.mean(0) for power in powers))),
    )


@functools.lru_cache(maxsize=64)
def _null(lengths: tuple[int, int], n: int) -> Array:
    """log rho of NULL_SIZE pairs of iid Gaussian taps of these lengths, the same in every process."""
    streams = Streams((row_key("kernels", "", "gaussian", {"taps": f"{lengths[0]}x{lengths[1]}"}, 1, 0),))
    (generator,) = streams.generators("null")
    first, second = (_powers(generator.standard_normal((NULL_SIZE, length)), n) for length in lengths)
    return _log_ratio(first, second)


def _three(values: Array) -> tuple[float, float, float]:
    low, middle, high = (float(value) for value in np.quantile(values, QUANTILES))
    return low, middle, high


def _powers(taps: Array, n: int) -> Array:
    """Power spectra (N, n) of kernels (N, L), each brought to unit norm: mean 1 over the bins."""
    half = np.fft.rfft(taps / np.linalg.norm(taps, axis=-1, keepdims=True), n)
    power = half.real**2 + half.imag**2
    return np.concatenate([power, power[:, -2:0:-1]], -1)


def _log_ratio(first: Array, second: Array) -> Array:
    """log <P_1 P_2> / (<P_1> <P_2>) of power spectra (..., n)."""
    return np.asarray(np.log((first * second).mean(-1) / (first.mean(-1) * second.mean(-1))))

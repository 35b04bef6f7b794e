"""What the table of `pairs` says of two kernels."""

from __future__ import annotations

from collections.abc import Sequence

from indmech_bench.tasks.physics.pairs import NEAR, KernelPair
from indmech_bench.text.document import Document, Section
from indmech_bench.text.numbers import pvalue
from indmech_bench.text.tables import Column, Kind, Table, kept, shown

NOTES = (
    "log rho: median [5 %, 95 %] of kernels drawn apart and conditioned on nothing. iid taps: 5 % and 95 % for "
    "Gaussian taps of these lengths; outside: share of the pairs outside of these, 0.10 if taps were iid.",
    f"p: how often |log rho| of iid taps is at least the median's. near: share with |log rho| below {NEAR}. mean "
    "spectra: log rho of the two mean power spectra alone.",
    "Synthetic kernels of textbook shapes: nothing here is measured data.",
)


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00")


def _quantiles(values: tuple[float, float, float]) -> str:
    low, middle, high = map(_signed, values)
    return f"{middle} [{low}, {high}]"


COLUMNS: tuple[Column[KernelPair], ...] = (
    shown("pair", lambda pair: f"{pair.first} * {pair.second}", Kind.NAME),
    kept("first", lambda pair: pair.first),
    kept("second", lambda pair: pair.second),
    Column("taps", "taps", lambda pair: pair.taps),
    kept("n", lambda pair: pair.n),
    kept("pairs", lambda pair: pair.pairs),
    shown("log rho", lambda pair: _quantiles(pair.log_rho)),
    shown("iid taps", lambda pair: f"[{_signed(pair.null[0])}, {_signed(pair.null[2])}]"),
    *(
        kept(f"{name}_{quantile}", lambda pair, name=name, place=place: getattr(pair, name)[place])  # type: ignore[misc]
        for name in ("log_rho", "null")
        for place, quantile in enumerate(("low", "median", "high"))
    ),
    Column("outside", "outside", lambda pair: pair.outside, lambda share: f"{share:.2f}"),
    Column("p_median", "p", lambda pair: pair.p_median, pvalue),
    Column("near", "near", lambda pair: pair.near, lambda share: f"{share:.2f}"),
    Column("mean_spectra", "mean spectra", lambda pair: pair.mean_spectra, _signed),
)


def document(lines: Sequence[KernelPair]) -> Document:
    """A line a pair."""
    return Document("Pairs of kernels", (Section("", (Table("", COLUMNS, tuple(lines)),)),), NOTES)

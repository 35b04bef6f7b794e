"""The candidate settings of a tuning: which there are, how each did, which is chosen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from indmech_bench.analysis.view import median
from indmech_bench.errors import InputError
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.notation import Named, complete, split
from indmech_bench.results.row_fields import Row
from indmech_bench.results.statuses import Status
from indmech_bench.statistics.significance import TIE

NOISE = 1e-12
"""Medians below it count as it: that 1e-30 is less than 1e-28 says how steps were rounded, not which is better."""


@dataclass(frozen=True)
class Candidate:
    """A method with one choice of settings, and how it did on the tuning seeds.

    changed: how many settings differ from those of the method as given; value: the median of what the protocol chooses
    by, failed replicates counted as infinite; fit, error: medians of fit_error and, where the protocol may know it,
    of the extrapolation error.
    """

    method: Named
    changed: int
    value: float
    fit: float
    error: float | None
    failed: int


def candidates(catalogue: Catalogue, text: str, grid: Sequence[str]) -> list[Named]:
    """The method as given, then all combinations of the grid in its order, none twice. Raises InputError.

    grid: `setting=v1|v2|...`; where there is none, the grid of the method's class without what `text` gives.
    """
    name, given = split(text)
    if any(entry.name == name for entry in catalogue.of_kind("reference")):
        raise InputError(f"'{name}' is a reference: it knows the truth, so there is nothing to tune.")
    entry = catalogue.find("method", name)
    base = complete(entry, given)
    axes: dict[str, list[object]] = {}
    for part in grid:
        key, equals, values = part.partition("=")
        key = key.strip()
        if not equals or not key:
            raise InputError(f"--grid '{part}' is not of the form setting=value|value.")
        if key in given or key in axes:
            where = f"by '{text}'" if key in given else "in another --grid"
            raise InputError(f"--grid '{part}': setting '{key}' is given {where} already.")
        axes[key] = [complete(entry, {key: value.strip()}).settings[key] for value in values.split("|")]
    if not grid:
        axes = {key: list(values) for key, values in entry.grid.items() if key not in given}
    if not axes:
        raise InputError(f"method '{text}' has no grid of its own to tune: give --grid setting=value|value.")
    combinations = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    named = [base, *(Named(entry, {**base.settings, **combination}) for combination in combinations)]
    distinct = {method.label: method for method in named}
    return list(distinct.values())


def judged(method: Named, base: Named, rows: Sequence[Row], metric: str) -> Candidate:
    """How a candidate did. The extrapolation error is read only where `metric` is it.

    Args:
        method: the candidate.
        base: the method as given.
        rows: the candidate's, one a seed.
        metric: what the protocol chooses by.
    """
    medians = {name: _median(rows, name) for name in dict.fromkeys(("fit_error", metric))}
    return Candidate(
        method=method,
        changed=sum(base.settings[key] != value for key, value in method.settings.items()),
        value=medians[metric],
        fit=medians["fit_error"],
        error=medians.get("extrapolation_error"),
        failed=sum(row["status"] != Status.OK for row in rows),
    )


def _median(rows: Sequence[Row], metric: str) -> float:
    value = median(rows, metric)
    return math.inf if value is None else value


def choose(judged: Sequence[Candidate]) -> Candidate | None:
    """The candidate of the least value; of those within a relative 1e-6 the one nearest to the method as given.

    Nearest: the fewest settings changed, then the first. None where every value is infinite: at least half of each
    candidate's replicates failed.
    """
    least = min(max(candidate.value, NOISE) for candidate in judged)
    if math.isinf(least):
        return None
    tied = [candidate for candidate in judged if max(candidate.value, NOISE) <= least * (1 + TIE)]
    return min(tied, key=lambda candidate: candidate.changed)

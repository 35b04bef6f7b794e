"""Two results folders compared: seed by seed where they share seeds, as two samples where they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from indmech_bench.analysis.comparison.matching import Match, match
from indmech_bench.analysis.labels import with_labels
from indmech_bench.analysis.view import error_of
from indmech_bench.results.current import newest
from indmech_bench.results.folder import existing_folder, read_folder, read_manifest
from indmech_bench.results.rows import Row, uncollected
from indmech_bench.statistics.estimates import median_interval
from indmech_bench.statistics.resampling import median_difference_interval
from indmech_bench.statistics.significance import (
    Floats,
    differences,
    holm,
    rank_sum_pvalue,
    rates_pvalue,
    signed_rank_pvalue,
    tied_ranks,
)

FAMILYWISE = 0.01
"""Chance of naming any difference where there is none."""


@dataclass(frozen=True)
class Compared:
    """One task and method in A and B. Errors of failed replicates are infinite; skipped ones are left out.

    paired: whether on shared seeds; n_a, n_b: replicates compared; error_*: median e; difference: median of e(B) -
    e(A) over shared seeds, or the difference of the medians, with a 95 % interval (order statistics; bootstrap);
    better, worse, ties: seeds on which B errs less, more, the same (0 if unpaired); p_*: Holm-adjusted over all lines.
    """

    task: str
    method: str
    paired: bool
    n_a: int
    n_b: int
    failed_a: int
    failed_b: int
    identified_a: float
    identified_b: float
    error_a: float
    error_b: float
    difference: float
    interval: tuple[float, float] | None
    better: int
    worse: int
    ties: int
    direction: float
    p_error: float
    p_identified: float

    @property
    def error_differs(self) -> bool:
        return self.p_error < FAMILYWISE

    @property
    def identified_differs(self) -> bool:
        return self.p_identified < FAMILYWISE

    @property
    def fails_more(self) -> bool:
        """Whether a larger share of the compared replicates fails in B."""
        return self.failed_b * self.n_a > self.failed_a * self.n_b

    @property
    def regressed(self) -> bool:
        """Whether B is significantly worse in either way, or fails more."""
        worse_error = self.error_differs and self.direction > 0
        worse_rate = self.identified_differs and self.identified_b < self.identified_a
        return worse_error or worse_rate or self.fails_more


@dataclass(frozen=True)
class Comparison:
    """What differs between two folders, and every (task, method) that both have. `apart`: what was not compared."""

    a: Path
    b: Path
    lines: tuple[Compared, ...]
    differences: tuple[str, ...]
    apart: tuple[str, ...]
    references: str

    def __str__(self) -> str:
        from indmech_bench.analysis.comparison.tables import render

        return render(self, "table")

    @property
    def regressed(self) -> bool:
        """Whether any line has."""
        return any(line.regressed for line in self.lines)


@uncollected()
def compare(a: str | Path, b: str | Path) -> Comparison:
    """Compare two results folders, A before and B after. Raises InputError.

    Rows are matched on task with settings, method with settings and seed; `matching` says how. Of each task and method
    the shared seeds are compared in pairs, by Wilcoxon's signed ranks; where no seed is shared, by Mann-Whitney's test
    on e and Fisher's on the identified. p-values are corrected by Holm over all lines and both. Rows of different task
    versions are never compared.
    """
    places = existing_folder(a), existing_folder(b)
    rows_a, rows_b = (with_labels(newest(read_folder(place))[0]) for place in places)
    found = match(rows_a, rows_b, *(read_manifest(place)["runs"] for place in places))
    apart: dict[str, None] = {}
    lines: list[Compared] = []
    for one in found.methods:
        if _same_version(one, apart):
            line = _compared(one)
            if line is None:
                apart[f"{one.method} on {one.task}: skipped in A or in B"] = None
            else:
                lines.append(line)
    references = _references([one for one in found.references if _same_version(one, apart)])
    adjusted = holm([p for line in lines for p in (line.p_error, line.p_identified)])
    lines = [replace(line, p_error=adjusted[2 * i], p_identified=adjusted[2 * i + 1]) for i, line in enumerate(lines)]
    return Comparison(*places, tuple(lines), found.differences, (*apart, *found.only), references)


def _same_version(one: Match, apart: dict[str, None]) -> bool:
    before, after = one.versions
    if before == after and len(before) == 1:
        return True
    versions = (", ".join(map(str, sorted(side))) for side in (before, after))
    apart["{}: version {} in A and {} in B, so other truths".format(one.task, *versions)] = None
    return False


def _compared(one: Match) -> Compared | None:
    a, b = ({seed: row for seed, row in rows.items() if row["status"] != "skipped"} for rows in (one.a, one.b))
    if not a or not b:
        return None
    shared = [seed for seed in a if seed in b]
    if shared:
        a, b = ({seed: rows[seed] for seed in shared} for rows in (a, b))
    errors_a, errors_b = (np.array([error_of(row) for row in rows.values()]) for rows in (a, b))
    found_a, found_b = (np.array([_identified(row) for row in rows.values()]) for rows in (a, b))
    if shared:
        moved = differences(errors_a, errors_b)
        difference, interval = float(np.median(moved)), median_interval(moved)
        tests = signed_rank_pvalue(moved), signed_rank_pvalue(found_b - found_a)
    else:
        moved = np.zeros(0)
        difference = float(differences([np.median(errors_a)], [np.median(errors_b)])[0])
        interval = median_difference_interval(errors_a, errors_b)
        tests = (
            rank_sum_pvalue(errors_a, errors_b),
            rates_pvalue(int(found_a.sum()), len(a), int(found_b.sum()), len(b)),
        )
    return Compared(
        task=one.task,
        method=one.method,
        paired=bool(shared),
        n_a=len(a),
        n_b=len(b),
        failed_a=_failed(a),
        failed_b=_failed(b),
        identified_a=float(found_a.mean()),
        identified_b=float(found_b.mean()),
        error_a=float(np.median(errors_a)),
        error_b=float(np.median(errors_b)),
        difference=difference,
        interval=interval,
        better=int((moved < 0).sum()),
        worse=int((moved > 0).sum()),
        ties=int((moved == 0).sum()),
        direction=_direction(errors_a, errors_b, moved),
        p_error=tests[0],
        p_identified=tests[1],
    )


def _direction(errors_a: Floats, errors_b: Floats, moved: Floats) -> float:
    """Which way the rank test points: positive where B errs more. `moved`: paired differences, none if unpaired."""
    if len(moved):
        moved = moved[moved != 0]
        return float((np.sign(moved) * tied_ranks(np.abs(moved))).sum())
    ranks = tied_ranks(np.concatenate([errors_a, errors_b]))
    return float(ranks[len(errors_a) :].mean() - ranks[: len(errors_a)].mean())


def _identified(row: Row) -> float:
    return float(row["metrics"].get("identified") or 0) if row["status"] == "ok" else 0.0


def _failed(rows: Mapping[Any, Row]) -> int:
    return sum(row["status"] != "ok" for row in rows.values())


def _references(matches: Sequence[Match]) -> str:
    """One sentence: whether the references, which no method's settings touch, agree where both folders have them."""
    pairs = [(one.a[seed], one.b[seed]) for one in matches for seed in one.a if seed in one.b]
    if not pairs:
        return "references: no row shared"
    errors_a, errors_b = ([error_of(row) for row in side] for side in zip(*pairs, strict=True))
    changed = int((differences(errors_a, errors_b) != 0).sum())
    same = "all the same" if not changed else f"{changed} differ: the truths or the engine are not the same"
    return f"references: {len(pairs)} rows shared, {same}"

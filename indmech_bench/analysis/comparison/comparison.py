"""Two results folders compared: seed by seed where they share seeds, as two samples where they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from indmech_bench.analysis.comparison import sentences
from indmech_bench.analysis.comparison.columns import table_of
from indmech_bench.analysis.comparison.compared import FAMILYWISE, Compared
from indmech_bench.analysis.comparison.matching import Match, match
from indmech_bench.analysis.labels import with_labels
from indmech_bench.analysis.task_rows import with_tasks
from indmech_bench.analysis.view import error_of, score_of
from indmech_bench.results.current import newest
from indmech_bench.results.folder import existing_folder, read_folder, read_manifest
from indmech_bench.results.row_fields import LabelledRow
from indmech_bench.results.rows import uncollected
from indmech_bench.results.statuses import Status
from indmech_bench.statistics.estimates import median_interval
from indmech_bench.statistics.resampling import median_difference_interval
from indmech_bench.statistics.significance import (
    Floats,
    differences,
    holm,
    rank_sum_pvalue,
    rates_pvalue,
    sign_pvalue,
    signed_rank_pvalue,
    tied_ranks,
)
from indmech_bench.text.document import Document, Section
from indmech_bench.text.writing import write


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
        return write(self.document, "table")

    @property
    def regressed(self) -> bool:
        """Whether any line has."""
        return any(line.regressed for line in self.lines)

    @property
    def document(self) -> Document:
        """The table, and in the notes what a reader must know, then what was found."""
        found = sentences.found(self.lines)
        facts = {
            "a": str(self.a),
            "b": str(self.b),
            "differences": self.differences,
            "not_compared": self.apart,
            "references": self.references,
            "familywise": FAMILYWISE,
            "found": found,
            "regressed": self.regressed,
        }
        differing = self.differences or ("nothing in settings, code, versions or machine",)
        notes = (
            f"A: {self.a}, B: {self.b}",
            *(f"differs: {sentence}" for sentence in differing),
            *(f"not compared: {sentence}" for sentence in self.apart),
            self.references,
            *sentences.how(self.lines),
            *found,
        )
        return Document(f"{self.a} and {self.b} compared", (Section("", (table_of(self.lines),), facts),), notes)


@uncollected()
def compare(a: str | Path, b: str | Path) -> Comparison:
    """Compare two results folders, A before and B after. Raises InputError.

    Rows are matched on task with settings, method with settings and seed; `matching` says how. Of each task and method
    the shared seeds are compared in pairs, by Wilcoxon's signed ranks on `score`, 0 for a failure, and a sign test
    beside them; where no seed is shared, by Mann-Whitney's test on `score` and Fisher's on the identified. p-values are
    corrected by Holm over all lines and both, those of the sign test over all lines. Rows of different task versions
    are never compared.
    """
    places = existing_folder(a), existing_folder(b)
    rows_a, rows_b = (with_tasks(with_labels(newest(read_folder(place))[0]), places) for place in places)
    found = match(rows_a, rows_b, *(read_manifest(place)["runs"] for place in places))
    apart: dict[str, None] = {}
    lines: list[Compared] = []
    for matched in found.methods:
        if _same_version(matched, apart):
            line = _compared(matched)
            if line is None:
                apart[f"{matched.method} on {matched.task}: skipped in A or in B"] = None
            else:
                lines.append(line)
    references = _references([matched for matched in found.references if _same_version(matched, apart)])
    return Comparison(*places, tuple(_corrected(lines)), found.differences, (*apart, *found.only), references)


def _corrected(lines: Sequence[Compared]) -> list[Compared]:
    adjusted = holm([p for line in lines for p in (line.p_score, line.p_identified)])
    signs = iter(holm([line.p_sign for line in lines if line.p_sign is not None]))
    return [
        replace(
            line,
            p_score=adjusted[2 * i],
            p_sign=None if line.p_sign is None else next(signs),
            p_identified=adjusted[2 * i + 1],
        )
        for i, line in enumerate(lines)
    ]


def _same_version(matched: Match, apart: dict[str, None]) -> bool:
    before, after = matched.versions
    if before == after and len(before) == 1:
        return True
    versions = (", ".join(map(str, sorted(side))) for side in (before, after))
    apart["{}: version {} in A and {} in B, so other truths".format(matched.task, *versions)] = None
    return False


def _compared(matched: Match) -> Compared | None:
    a, b = (
        {seed: row for seed, row in rows.items() if row["status"] != Status.SKIPPED} for rows in (matched.a, matched.b)
    )
    if not a or not b:
        return None
    shared = [seed for seed in a if seed in b]
    if shared:
        a, b = ({seed: rows[seed] for seed in shared} for rows in (a, b))
    scores_a, scores_b = (np.array([score_of(row) for row in rows.values()]) for rows in (a, b))
    found_a, found_b = (np.array([_identified(row) for row in rows.values()]) for rows in (a, b))
    if shared:
        moved = differences(scores_a, scores_b)
        difference, interval = float(np.median(moved)), median_interval(moved)
        tests = signed_rank_pvalue(moved), signed_rank_pvalue(found_b - found_a)
    else:
        moved = np.zeros(0)
        difference = float(differences([np.median(scores_a)], [np.median(scores_b)])[0])
        interval = median_difference_interval(scores_a, scores_b)
        tests = (
            rank_sum_pvalue(scores_a, scores_b),
            rates_pvalue(int(found_a.sum()), len(a), int(found_b.sum()), len(b)),
        )
    return Compared(
        task=matched.task,
        control=matched.control,
        method=matched.method,
        paired=bool(shared),
        n_a=len(a),
        n_b=len(b),
        failed_a=_failed(a),
        failed_b=_failed(b),
        identified_a=float(found_a.mean()),
        identified_b=float(found_b.mean()),
        error_a=float(np.median([error_of(row) for row in a.values()])),
        error_b=float(np.median([error_of(row) for row in b.values()])),
        difference=difference,
        interval=interval,
        better=int((moved > 0).sum()),
        worse=int((moved < 0).sum()),
        ties=int((moved == 0).sum()),
        direction=_direction(scores_a, scores_b, moved),
        p_score=tests[0],
        p_sign=sign_pvalue(moved) if shared else None,
        p_identified=tests[1],
    )


def _direction(scores_a: Floats, scores_b: Floats, moved: Floats) -> float:
    """Which way the rank test points: positive where B scores more. `moved`: paired differences, none if unpaired."""
    if len(moved):
        moved = moved[moved != 0]
        return float((np.sign(moved) * tied_ranks(np.abs(moved))).sum())
    ranks = tied_ranks(np.concatenate([scores_a, scores_b]))
    return float(ranks[len(scores_a) :].mean() - ranks[: len(scores_a)].mean())


def _identified(row: LabelledRow) -> float:
    return float(row["metrics"].get("identified") or 0) if row["status"] == Status.OK else 0.0


def _failed(rows: Mapping[Any, LabelledRow]) -> int:
    return sum(row["status"] != Status.OK for row in rows.values())


def _references(matches: Sequence[Match]) -> str:
    """One sentence: whether the references, which no method's settings touch, agree where both folders have them."""
    pairs = [(matched.a[seed], matched.b[seed]) for matched in matches for seed in matched.a if seed in matched.b]
    if not pairs:
        return "references: no row shared"
    errors_a, errors_b = ([error_of(row) for row in side] for side in zip(*pairs, strict=True))
    changed = int((differences(errors_a, errors_b) != 0).sum())
    same = "all the same" if not changed else f"{changed} differ: the truths or the engine are not the same"
    return f"references: {len(pairs)} rows shared, {same}"

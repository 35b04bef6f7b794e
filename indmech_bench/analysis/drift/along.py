"""What was measured along training, at parts of the way: a table a metric, a line a task and method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from indmech_bench.analysis.drift.columns import median_columns
from indmech_bench.analysis.drift.course import Middle
from indmech_bench.analysis.frame import load_curves
from indmech_bench.analysis.labels import called, shortest
from indmech_bench.analysis.method_lines import named_columns, with_common
from indmech_bench.analysis.view import in_order
from indmech_bench.errors import InputError, unknown
from indmech_bench.statistics.significance import differences, holm, sign_pvalue
from indmech_bench.text.document import Document, Section
from indmech_bench.text.numbers import pvalue
from indmech_bench.text.tables import Column, Kind, Table, kept, shown

if TYPE_CHECKING:
    import pandas as pd

QUARTERS = (0.25, 0.5, 0.75, 1.0)
OF_ROWS = ("task", "task_label", "label", "seed", "step")
NOTES = (
    "medians over replicates that ended ok [95 % by order statistics, from 6 replicates on], after so many steps or at "
    "the last point before that was kept",
    "rises, falls: replicates in which it is larger or smaller at the last of these steps than at the first, by over "
    "1e-6; p: sign test on these, corrected by Holm over the lines of a table",
)


@dataclass(frozen=True)
class Line:
    """One metric of one method on one task: its median after some of the steps, n replicates.

    changes: of each replicate from the first of the steps to the last, 0 where it is the same.
    """

    task: str
    method: str
    n: int
    steps: tuple[int, ...]
    middles: tuple[Middle, ...]
    changes: tuple[float, ...]

    @property
    def rises(self) -> int:
        return sum(change > 0 for change in self.changes)

    @property
    def falls(self) -> int:
        return sum(change < 0 for change in self.changes)


def along(
    folder: str | Path, metrics: Sequence[str] = (), at: Sequence[float] = QUARTERS, methods: Sequence[str] = ()
) -> dict[str, list[Line]]:
    """Metric -> its lines, tasks in the catalogue's order. Raises InputError.

    Args:
        folder: of results with curves.
        metrics: which; all that its curves have by default.
        at: shares of all steps, above 0 and at most 1.
        methods: which, by name or as tables name them; all by default.
    """
    for share in at:
        if not 0 < share <= 1:
            raise InputError(f"--at {share:g} must be a share of the steps: above 0, and at most 1.")
    curves = load_curves(folder)
    known = [name for name in curves.columns if name not in OF_ROWS]
    for name in metrics:
        if name not in known:
            raise unknown("metric along training", name, known)
    if methods:
        curves = curves[curves["label"].isin(_chosen(methods, {*curves["label"]}))]
    found: dict[str, list[Line]] = {name: [] for name in metrics or known}
    tasks = {*zip(curves["task"], curves["task_label"], strict=True)}
    for task in in_order({"task": name, "task_label": label} for name, label in tasks):
        for label, own in curves[curves["task_label"] == task].groupby("label"):
            for name, lines in found.items():
                if own[name].notna().any():
                    lines.append(_line(task, str(label), own, name, at))
    return found


def _chosen(methods: Sequence[str], labels: set[str]) -> set[str]:
    """The labels that are named. Raises InputError for a name that none has."""
    chosen = {method: called(method, labels) for method in methods}
    for method, named in chosen.items():
        if not named:
            raise unknown("method with curves", method, shortest(labels))
    return {label for named in chosen.values() for label in named}


def _line(task: str, method: str, curves: pd.DataFrame, name: str, at: Sequence[float]) -> Line:
    """A line of the curves of one method on one task."""
    last = int(curves["step"].max())
    steps = tuple(int(curves.loc[curves["step"] <= share * last, "step"].max()) for share in at)
    values = [curves[curves["step"] == step].set_index("seed")[name].dropna() for step in steps]
    both = values[0].index.intersection(values[-1].index)
    changes = differences(values[0][both].to_numpy(), values[-1][both].to_numpy())
    middles = tuple(Middle.of([*value]) for value in values)
    return Line(task, method, curves["seed"].nunique(), steps, middles, tuple(changes.tolist()))


def document(folder: str | Path, found: dict[str, list[Line]], at: Sequence[float] = QUARTERS) -> Document:
    """A table a metric; its heads are steps where all lines have the same ones, else shares of them."""
    sections = tuple(_section(name, lines, at) for name, lines in found.items() if lines)
    return Document(f"Along training, in {folder}", sections, NOTES)


def _method_of(line: Line) -> str:
    return line.method


def _section(name: str, lines: Sequence[Line], at: Sequence[float]) -> Section:
    alone = len({line.method for line in lines}) == 1
    alike = len({line.steps for line in lines}) == 1

    def of(place: int) -> Callable[[Line], Middle]:
        return lambda line: line.middles[place]

    def head(place: int) -> str:
        return f"step {lines[0].steps[place]:,}" if alike else f"{at[place]:.0%} of steps"

    named, common = named_columns([line.method for line in lines], _method_of)
    marks = (median_columns(f"at:{share:g}", head(place), of(place)) for place, share in enumerate(at))
    corrected = holm([sign_pvalue(line.changes) for line in lines])
    pvalues = {(line.task, line.method): p for line, p in zip(lines, corrected, strict=True)}

    def p_of(line: Line) -> float:
        return pvalues[line.task, line.method]

    changes: tuple[Column[Line], ...] = (
        shown("rises / falls", lambda line: f"{line.rises} / {line.falls}"),
        kept("rises", lambda line: line.rises),
        kept("falls", lambda line: line.falls),
        shown("p", lambda line: pvalue(p_of(line))),
        kept("p", p_of),
    )
    columns = (
        shown("task", lambda line: line.task, kind=Kind.NAME),
        kept("task", lambda line: line.task),
        *(named[1:] if alone else named),
        kept("n", lambda line: line.n),
        *(column for mark in marks for column in mark),
        *(changes if len(at) > 1 else ()),
        kept("steps", lambda line: list(line.steps)),
    )
    title = f"{name}, along training of {lines[0].method}" if alone else with_common(f"{name}, along training", common)
    return Section(name, (Table(title, columns, tuple(lines)),), {"metric": name})

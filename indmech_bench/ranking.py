"""The leaderboard: what each method reached in a view, failures counted, references beside (DESIGN, tables)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from indmech_bench.catalogue import Catalogue
from indmech_bench.errors import InputError, unknown
from indmech_bench.metrics import BY_NAME
from indmech_bench.results import existing_folder, read_folder, read_manifest
from indmech_bench.rows import Row
from indmech_bench.statistics import interquartile_mean, wilson_interval
from indmech_bench.views import newest, starting_at_truth, with_labels

TIE = 1e-6
MEDIAN = "extrapolation_error"

Pair = tuple[str, int]
"""A task (with its settings) and a seed."""


@dataclass(frozen=True)
class Line:
    """One method or reference in a view. Medians count a failed replicate as the worst value there is."""

    name: str
    reference: bool
    rank: int | None
    identified: float
    interval: tuple[float, float]
    medians: dict[str, float | None]
    score: float
    ok: int
    failed: int
    skipped: int
    missing: int
    cost: float | None
    seconds: float | None
    by_task: dict[str, dict[str, float | None]] = field(default_factory=dict)

    @property
    def attempted(self) -> int:
        return self.ok + self.failed


@dataclass(frozen=True)
class Leaderboard:
    """Lines of a view: ranked methods by rank, then methods that do not cover it, then references."""

    folder: Path
    metric: str
    tasks: tuple[str, ...]
    pairs: int
    lines: tuple[Line, ...]
    left_out: int
    beside: tuple[Path, ...] = ()

    def __str__(self) -> str:
        from indmech_bench.tables import as_text

        return as_text(self)


def leaderboard(
    folder: str | Path, *, metric: str = MEDIAN, family: str | None = None, beside: Sequence[str | Path] = ()
) -> Leaderboard:
    """The leaderboard of a results folder, with the rows of the folders `beside` it.

    A view holds every (task, seed) that any row of the folder has. A failed replicate has e = infinity, score 0 and
    is not identified; one that is missing is a hole. Rank is by the interquartile mean of `score` over the view's
    pairs, ties within 1e-6; a method with holes or skipped tasks is not ranked. `metric` is what the medians by task
    show; `family` keeps the tasks of one family. Tasks that start at the truth are left out. Raises InputError.
    """
    if metric not in BY_NAME:
        raise unknown("metric", metric, BY_NAME)
    place = existing_folder(folder)
    others = tuple(map(existing_folder, beside))
    rows, left_out = newest([row for one in (place, *others) for row in read_folder(one)])
    if not rows:
        raise InputError(f"'{place}' holds no rows yet.")
    unranked = starting_at_truth()
    rows = [row for row in rows if row["task"] not in unranked]
    if not rows:
        raise InputError(f"'{place}' holds only tasks that start at the truth: see indmech-bench drift {place}.")
    rows = with_labels(_of_family(rows, place, family))
    tasks = _in_order(rows)
    pairs = {(row["task_label"], row["seed"]) for row in rows}
    groups: dict[tuple[bool, str], dict[Pair, Row]] = {}
    for row in rows:
        groups.setdefault((row["reference"], row["label"]), {})[row["task_label"], row["seed"]] = row
    lines = [_line(name, reference, own, pairs, tasks, metric) for (reference, name), own in groups.items()]
    return Leaderboard(place, metric, tasks, len(pairs), tuple(_ranked(lines)), left_out, others)


def _in_order(rows: Iterable[Row]) -> tuple[str, ...]:
    """Task labels in the catalogue's order, unknown ones last."""
    known = {entry.name: position for position, entry in enumerate(Catalogue.read().of_kind("task"))}
    labels = {row["task_label"]: known.get(row["task"], len(known)) for row in rows}
    return tuple(sorted(labels, key=lambda text: (labels[text], text)))


def _of_family(rows: Sequence[Row], folder: Path, family: str | None) -> Sequence[Row]:
    if family is None:
        return rows
    families: dict[str, str] = {}
    for entry in read_manifest(folder)["runs"].values():
        families.update(entry.get("families", {}))
    present = {families.get(row["task"], "") for row in rows}
    if family not in present:
        raise unknown("family", family, present - {""})
    return [row for row in rows if families.get(row["task"]) == family]


def _line(
    name: str, reference: bool, own: Mapping[Pair, Row], pairs: set[Pair], tasks: Iterable[str], metric: str
) -> Line:
    rows = list(own.values())
    ok = [row for row in rows if row["status"] == "ok"]
    skipped = sum(row["status"] == "skipped" for row in rows)
    tried = [row for row in rows if row["status"] != "skipped"]
    identified = int(sum(row["metrics"].get("identified", 0) for row in ok))
    shown = tuple(dict.fromkeys(("fit_error", MEDIAN, metric)))
    return Line(
        name=name,
        reference=reference,
        rank=None,
        identified=identified / len(tried) if tried else float("nan"),
        interval=wilson_interval(identified, len(tried)) if tried else (float("nan"), float("nan")),
        medians={one: median(tried, one) for one in shown},
        score=interquartile_mean([row["metrics"].get("score", 0.0) for row in tried]) if tried else float("nan"),
        ok=len(ok),
        failed=len(tried) - len(ok),
        skipped=skipped,
        missing=len(pairs - own.keys()),
        cost=_typical(row["cost"] for row in ok),
        seconds=_typical(row["seconds"] for row in ok),
        by_task={task: _of_task([row for row in tried if row["task_label"] == task], metric) for task in tasks},
    )


def _of_task(rows: list[Row], metric: str) -> dict[str, float | None]:
    if not rows:
        return {"identified": None, metric: None}
    identified = sum(row["metrics"].get("identified", 0) for row in rows) / len(rows)
    return {"identified": identified, metric: median(rows, metric)}


def median(rows: Sequence[Row], metric: str) -> float | None:
    """Median of a metric; failed rows count as the worst value. None where no row that is ok has the metric."""
    if not any(metric in row["metrics"] for row in rows if row["status"] == "ok"):
        return None if any(row["status"] == "ok" for row in rows) or not rows else worst(metric)
    values = [row["metrics"].get(metric) for row in rows if metric in row["metrics"] or row["status"] != "ok"]
    numbers = [worst(metric) if value is None else value for value in values]
    kept = [number for number in numbers if not np.isnan(number)]
    # the middle two of an even number may be finite and infinite: their mean is infinite, as it should be
    return float(np.median(kept)) if kept else None


def worst(metric: str) -> float:
    """What a failed replicate counts as: NaN (left out) for a metric that is no aim."""
    if metric in ("score", "identified", "exact"):
        return 0.0
    return {"lower": float("inf"), "higher": float("-inf"), "": float("nan")}[BY_NAME[metric].better]


def _typical(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _ranked(lines: Sequence[Line]) -> list[Line]:
    """Ranked methods, best first and ties sharing a rank; unranked ones by coverage; references."""
    covering = [line for line in lines if not line.reference and not line.missing and not line.skipped]
    covering.sort(key=lambda line: (-line.score, line.name))
    ranked: list[Line] = []
    for position, line in enumerate(covering, 1):
        tied = bool(ranked) and ranked[-1].score - line.score <= TIE
        ranked.append(replace(line, rank=ranked[-1].rank if tied else position))
    rest = [line for line in lines if not line.reference and (line.missing or line.skipped)]
    rest.sort(key=lambda line: (-line.attempted, line.name))
    references = sorted((line for line in lines if line.reference), key=lambda line: (-line.score, line.name))
    return [*ranked, *rest, *references]

"""Every cell and every row of results, and the command that makes it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from indmech_bench.analysis.task_rows import marked
from indmech_bench.analysis.view import error_of
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.identity import EXTERNAL
from indmech_bench.registry.notation import label
from indmech_bench.report.evidence import Evidence
from indmech_bench.results.folder import read_manifest
from indmech_bench.results.row_fields import TaskRow
from indmech_bench.results.statuses import Status
from indmech_bench.text.numbers import number
from indmech_bench.text.tables import Column, Kind, Table

SEEDS = "SEEDS"
"""Stands for the seeds in a command of a cell."""
FIELDS = ("cell", "seed", "status", "e", "fit", "log ρ", "identified", "cost", "seconds")
"""What a row is on the page."""
OF_METRICS = ("extrapolation_error", "fit_error", "log_generic_ratio", "identified")
DIGITS = 4


@dataclass(frozen=True)
class Cell:
    """A task and a method or reference with what its rows came to; command: what makes its rows again."""

    task: str
    control: bool
    method: str
    reference: bool
    n: int
    failed: int
    skipped: int
    identified: float | None
    error: float | None
    command: str


COLUMNS: tuple[Column[Cell], ...] = (
    Column("task", "task", lambda cell: marked(cell.task, cell.control), kind=Kind.NAME),
    Column("method", "method", lambda cell: cell.method, kind=Kind.NAME),
    Column("n", "seeds", lambda cell: cell.n),
    Column("failed", "failed", lambda cell: cell.failed),
    Column("skipped", "skipped", lambda cell: cell.skipped),
    Column(
        "identified", "identified", lambda cell: cell.identified, lambda rate: "–" if rate is None else f"{rate:.2f}"
    ),
    Column("error", "e (median)", lambda cell: cell.error, number),
    Column("command", "command", lambda cell: cell.command, kind=Kind.TEXT),
)


def cells_and_rows(evidence: Evidence) -> tuple[Table[Cell], dict[str, Any]]:
    """The cells as a table, and the rows as columns of short numbers, each naming its cell by its place."""
    commands = _Commands(evidence)
    by_cell: dict[tuple[str, str, bool], list[TaskRow]] = {}
    for row in evidence.rows:
        by_cell.setdefault((row["task_label"], row["label"], row["reference"]), []).append(row)
    place = {task: i for i, task in enumerate(evidence.tasks)}
    keys = sorted(by_cell, key=lambda key: (place[key[0]], evidence.order.get(key[1], len(evidence.order)), key))
    cells, templates = [], []
    columns: dict[str, list[Any]] = {name: [] for name in FIELDS}
    for place_of_cell, key in enumerate(keys):
        rows = sorted(by_cell[key], key=lambda row: row["seed"])
        template = commands.of(rows[0])
        templates.append(template)
        cells.append(_cell(key, rows, template.replace(SEEDS, _span(rows))))
        for row in rows:
            metrics = [_short(row["metrics"].get(name)) for name in OF_METRICS]
            values = (place_of_cell, row["seed"], row["status"], *metrics, _short(row["cost"]), _short(row["seconds"]))
            for name, value in zip(FIELDS, values, strict=True):
                columns[name].append(value)
    about = [[cell.task, cell.method, template] for cell, template in zip(cells, templates, strict=True)]
    return Table("Every cell and its command", COLUMNS, tuple(cells)), {"cells": about, "columns": columns}


def _cell(key: tuple[str, str, bool], rows: list[TaskRow], command: str) -> Cell:
    tried = [row for row in rows if row["status"] != Status.SKIPPED]
    hits = [row["metrics"].get("identified") or 0.0 for row in tried]
    return Cell(
        task=key[0],
        control=rows[0]["control"],
        method=key[1],
        reference=key[2],
        n=len(rows),
        failed=sum(row["status"] != Status.OK for row in tried),
        skipped=len(rows) - len(tried),
        identified=float(np.mean(hits)) if tried else None,
        error=float(np.median([error_of(row) for row in tried])) if tried else None,
        command=command,
    )


def _span(rows: list[TaskRow]) -> str:
    """From the first seed to the last; those between that a folder lacks are run as well."""
    return f"{rows[0]['seed']}-{rows[-1]['seed']}"


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")


class _Commands:
    """Commands with SEEDS in the place of the seeds."""

    def __init__(self, evidence: Evidence) -> None:
        catalogue = Catalogue.read()
        self._defaults = {
            kind: {entry.name: entry.defaults for entry in catalogue.of_kind(kind)} for kind in ("task", "method")
        }
        self._runs: dict[str, Any] = {}
        for place in evidence.places:
            self._runs |= read_manifest(place)["runs"]
        methods = {row["task_label"]: row for row in evidence.rows if not row["reference"]}
        self._beside = {task: self._named("method", row["method"], row["settings"]) for task, row in methods.items()}

    def _named(self, kind: str, name: str, settings: Mapping[str, Any]) -> str:
        return label(name, settings, self._defaults[kind].get(name, {}))

    def of(self, row: TaskRow) -> str:
        """What runs this row's cell; a reference is run beside any method. Nothing runs what was found elsewhere."""
        if row["source"] == EXTERNAL:
            return "found elsewhere and scored: no command makes it again"
        beside = self._beside.get(row["task_label"], "adam")
        method = beside if row["reference"] else self._named("method", row["method"], row["settings"])
        words = ["indmech-bench", "run", "--task", self._named("task", row["task"], row["task_settings"])]
        words += ["--method", method, "--seeds", SEEDS]
        if row["budget"] is not None and not row["reference"]:
            words += ["--budget", f"{row['budget']:g}"]
        if row["precision"] != "float64":
            words += ["--precision", row["precision"]]
        if row["training"] != "fused" and not row["reference"]:
            words += ["--training", row["training"]]
        if "device" in row:
            words += ["--device", row["device"]]
        if row["salt"]:
            words += ["--salt", "***"]
        for plugin in self._runs.get(row["run"], {}).get("plugins", []):
            words += ["--plugin", str(plugin)]
        return f"{shlex.join(words)} --out again"

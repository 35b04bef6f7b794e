"""What results were made with: runs and machines, settings of methods and tasks, failures."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from indmech_bench.analysis.status import Failure
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import Entry
from indmech_bench.registry.values import written
from indmech_bench.report.evidence import Evidence
from indmech_bench.results.folder import read_manifest
from indmech_bench.results.row_fields import TaskRow
from indmech_bench.text.tables import Column, Kind, Table

Run = tuple[str, Mapping[str, Any]]
MOST = 8
"""Stretches of seeds that are written out."""


def _text(head: str, value: Any) -> Column[Any]:
    return Column(head.replace(" ", "_"), head, value, str, kind=Kind.TEXT)


def runs(evidence: Evidence) -> Table[Run]:
    """One line an invocation: its command, versions, commit and machine."""
    found = [run for place in evidence.places for run in read_manifest(place)["runs"].items()]

    def of(name: str) -> Any:
        return lambda run: run[1].get(name) if run[1].get(name) is not None else "–"

    def versions(run: Run) -> str:
        return ", ".join(f"{name} {version}" for name, version in run[1].get("versions", {}).items())

    def commit(run: Run) -> str:
        short = str(run[1].get("commit") or "–")[:12]
        return f"{short} with changes" if run[1].get("dirty") else short

    def machine(run: Run) -> str:
        cores = f", {run[1]['cores']} cores" if run[1].get("cores") else ""
        return f"{run[1].get('processor', '–')}{cores}, {run[1].get('system', '–')}"

    columns: tuple[Column[Run], ...] = (
        Column("run", "run", lambda run: run[0], str, kind=Kind.NAME),
        _text("started", of("started")),
        _text("command", lambda run: shlex.join(map(str, run[1].get("command", []))) or "–"),
        _text("versions", lambda run: f"Python {run[1].get('python', '–')}, {versions(run)}"),
        _text("commit", commit),
        _text("machine", machine),
        _text("device", of("device")),
        _text("jobs", of("jobs")),
    )
    return Table("Runs: versions and machine", columns, tuple(found))


def methods(evidence: Evidence) -> Table[TaskRow]:
    """One line a method or reference: what it is and all its settings."""
    summaries = {(entry.kind, entry.name): entry for entry in Catalogue.read().entries}
    first: dict[tuple[bool, str], TaskRow] = {}
    for row in evidence.rows:
        first.setdefault((row["reference"], row["label"]), row)
    order = evidence.order
    lines = tuple(sorted(first.values(), key=lambda row: (row["reference"], order.get(row["label"], 0), row["label"])))

    def entry(row: TaskRow) -> Entry | None:
        return summaries.get(("reference" if row["reference"] else "method", row["method"]))

    columns: tuple[Column[TaskRow], ...] = (
        Column("method", "method", lambda row: row["label"], str, kind=Kind.NAME),
        _text("approach", lambda row: "reference" if row["reference"] else _fact(entry(row), "approach")),
        _text("settings", lambda row: ", ".join(written(*item) for item in row["settings"].items()) or "none"),
        _text("what it does", lambda row: _summary(entry(row))),
        _text("source of the code", lambda row: row["source"]),
    )
    return Table("Methods and references", columns, lines, lambda row: row["reference"])


def tasks(evidence: Evidence) -> Table[TaskRow]:
    """One line a task: its family, whether a control, its version and all its settings."""
    summaries = {entry.name: entry for entry in Catalogue.read().of_kind("task")}
    first: dict[str, TaskRow] = {}
    seeds: dict[str, set[int]] = {}
    for row in evidence.rows:
        first.setdefault(row["task_label"], row)
        seeds.setdefault(row["task_label"], set()).add(row["seed"])

    def summary(row: TaskRow) -> str:
        return _summary(summaries.get(row["task"]))

    columns: tuple[Column[TaskRow], ...] = (
        Column("task", "task", lambda row: row["task_label"], str, kind=Kind.NAME),
        _text("family", lambda row: row["family"] or "–"),
        Column("control", "control", lambda row: row["control"]),
        Column("seeds", "seeds", lambda row: len(seeds[row["task_label"]])),
        Column("version", "version", lambda row: row["task_version"]),
        _text("settings", lambda row: ", ".join(written(*item) for item in row["task_settings"].items()) or "none"),
        _text("what it is", summary),
    )
    return Table("Tasks", columns, tuple(first[task] for task in evidence.tasks), lambda row: row["control"])


def failures(found: tuple[Failure, ...]) -> Table[Failure]:
    """One line a method, status and reason."""

    def where(failure: Failure) -> str:
        alike: dict[str, list[str]] = {}
        for task, seeds in failure.tasks.items():
            alike.setdefault(_spans(seeds), []).append(task)
        return "; ".join(f"{', '.join(tasks)}: {spans}" for spans, tasks in alike.items())

    columns: tuple[Column[Failure], ...] = (
        Column("method", "method", lambda failure: failure.method, str, kind=Kind.NAME),
        _text("status", lambda failure: failure.status),
        Column("rows", "rows", lambda failure: failure.rows),
        _text("reason", lambda failure: failure.reason),
        _text("where", where),
    )
    return Table("Rows that are not ok", columns, found, lambda failure: failure.status == "skipped")


def _spans(seeds: list[int]) -> str:
    """`seeds 0–3, 7`: stretches without a gap, at most MOST of them."""
    spans: list[list[int]] = []
    for seed in sorted(seeds):
        if spans and seed == spans[-1][1] + 1:
            spans[-1][1] = seed
        else:
            spans.append([seed, seed])
    shown = [str(first) if first == last else f"{first}–{last}" for first, last in spans[:MOST]]
    more = f" and others, {len(seeds)} in all" if len(spans) > MOST else ""
    return f"seed{'' if len(seeds) == 1 else 's'} {', '.join(shown)}{more}"


def _summary(entry: Entry | None) -> str:
    """What a registration says in one line, without marks of code."""
    return entry.summary.replace("`", "") if entry else "not installed where this page was made"


def _fact(entry: Entry | None, name: str) -> str:
    return str(entry.facts.get(name) or "–") if entry else "–"

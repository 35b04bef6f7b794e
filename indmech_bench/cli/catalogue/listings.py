"""What `list` shows, read from the catalogue: nothing is imported."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from indmech_bench.errors import unknown
from indmech_bench.harness.suites.suite import Suite, read_suite, suite_names
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import Entry
from indmech_bench.registry.values import written
from indmech_bench.scoring.metrics import METRICS, Metric
from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column, Kind, Table, kept

KINDS = ("tasks", "methods", "references", "kernels", "metrics", "suites")
FACTS = {"family": 1, "observation": 2, "intervention": 4, "genericity": 7, "solutions": 5, "independence": 6}
"""What a listing says of a task, facts of its class or settings, and how important they are."""


def document(kind: str, catalogue: Catalogue, *, every_column: bool = False) -> Document:
    """One line a name; in a terminal its summary and what else it has room for, or every column. Raises InputError.

    An InputError is for a kind that is not in KINDS.
    """
    if kind not in KINDS:
        raise unknown("kind", kind, KINDS)
    return Document(
        kind.capitalize(), (Section("", (_table(kind, catalogue),)),), more="" if every_column else "--long"
    )


def _table(kind: str, catalogue: Catalogue) -> Table[Any]:
    if kind == "metrics":
        return Table("", METRIC, METRICS)
    if kind == "suites":
        return Table("", SUITE, tuple((name, read_suite(name)) for name in suite_names()))
    if kind == "references":
        return Table("", (NAME, SUMMARY), tuple(catalogue.of_kind("reference")))
    if kind == "kernels":
        return Table("", (NAME, SUMMARY, _fact("units", 1), _fact("source", 2)), tuple(catalogue.of_kind("kernel")))
    entries = (*catalogue.of_kind(kind.removesuffix("s")), *catalogue.of_kind("broken"))
    return Table("", TASK if kind == "tasks" else METHOD, entries)


def _fact(name: str, importance: int) -> Column[Entry]:
    def value(entry: Entry) -> str | None:
        return entry.facts.get(name, entry.defaults.get(name)) or None

    return Column(name, name, value, kind=Kind.TEXT, importance=importance)


def _control(entry: Entry) -> bool:
    return entry.is_control(entry.defaults)


def _set_by_name(entry: Entry) -> str | None:
    return ", ".join(written(setting.name, setting.default) for setting in entry.settings if setting.named) or None


NAME: Column[Entry] = Column("name", "name", lambda entry: entry.name, kind=Kind.NAME)
SET: Column[Entry] = Column("set", "set", _set_by_name, kind=Kind.TEXT, importance=98)
SETTINGS: Column[Entry] = kept("settings", lambda entry: entry.defaults)
SUMMARY: Column[Entry] = Column("summary", "summary", lambda entry: entry.broken or entry.summary, kind=Kind.TEXT)
BROKEN: Column[Entry] = kept("broken", lambda entry: entry.broken or None)

TASK: tuple[Column[Entry], ...] = (
    NAME,
    Column("version", "version", lambda entry: entry.version, importance=99),
    *(_fact(name, importance) for name, importance in FACTS.items()),
    Column("control", "control", _control, lambda control: "control" if control else "–", Kind.TEXT, importance=3),
    SET,
    SETTINGS,
    replace(SUMMARY, importance=8),  # the same for all names of a class
    BROKEN,
)
METHOD: tuple[Column[Entry], ...] = (NAME, _fact("approach", 1), SET, SETTINGS, SUMMARY, BROKEN)
METRIC: tuple[Column[Metric], ...] = (
    Column("name", "name", lambda metric: metric.name, kind=Kind.NAME),
    Column("better", "better", lambda metric: metric.better or None, kind=Kind.TEXT),
    Column("summary", "summary", lambda metric: metric.summary, kind=Kind.TEXT),
)
SUITE: tuple[Column[tuple[str, Suite]], ...] = (
    Column("name", "name", lambda suite: suite[0], kind=Kind.NAME),
    Column("tasks", "tasks", lambda suite: len(suite[1].tasks)),
    Column("methods", "methods", lambda suite: len(suite[1].methods)),
    Column("seeds", "seeds", lambda suite: suite[1].seeds),
    Column("summary", "summary", lambda suite: suite[1].summary, kind=Kind.TEXT),
)

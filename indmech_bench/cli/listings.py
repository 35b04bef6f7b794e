"""What `list` shows, read from the catalogue: nothing is imported."""

from __future__ import annotations

from typing import Any

from indmech_bench.errors import unknown
from indmech_bench.harness.suites.suite import Suite, read_suite, suite_names
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import Entry
from indmech_bench.registry.values import written
from indmech_bench.scoring.metrics import METRICS, Metric
from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column, Kind, Table, kept

KINDS = ("tasks", "methods", "references", "metrics", "suites")
FACTS = ("family", "observation", "intervention", "genericity", "solutions", "independence")
"""What a listing says of a task: facts of its class or settings."""


def document(kind: str, catalogue: Catalogue) -> Document:
    """One line a name. Raises InputError for a kind that is not in KINDS."""
    if kind not in KINDS:
        raise unknown("kind", kind, KINDS)
    return Document(kind.capitalize(), (Section("", (_table(kind, catalogue),)),))


def _table(kind: str, catalogue: Catalogue) -> Table[Any]:
    if kind == "metrics":
        return Table("", METRIC, METRICS)
    if kind == "suites":
        return Table("", SUITE, tuple((name, read_suite(name)) for name in suite_names()))
    if kind == "references":
        return Table("", (NAME, FAMILIES, SUMMARY), tuple(catalogue.of_kind("reference")))
    entries = (*catalogue.of_kind(kind.removesuffix("s")), *catalogue.of_kind("broken"))
    return Table("", TASK if kind == "tasks" else METHOD, entries)


def _fact(name: str) -> Column[Entry]:
    def value(entry: Entry) -> str | None:
        return entry.facts.get(name, entry.defaults.get(name)) or None

    return Column(name, name, value, kind=Kind.TEXT)


def _control(entry: Entry) -> bool:
    return entry.is_control(entry.defaults)


def _set_by_name(entry: Entry) -> str | None:
    return ", ".join(written(setting.name, setting.default) for setting in entry.settings if setting.named) or None


NAME: Column[Entry] = Column("name", "name", lambda entry: entry.name, kind=Kind.NAME)
SET: Column[Entry] = Column("set", "set", _set_by_name, kind=Kind.TEXT)
SETTINGS: Column[Entry] = kept("settings", lambda entry: entry.defaults)
SUMMARY: Column[Entry] = Column("summary", "summary", lambda entry: entry.broken or entry.summary, kind=Kind.TEXT)
FAMILIES: Column[Entry] = Column(
    "families", "families", lambda entry: ", ".join(entry.facts.get("families", ())) or "all", kind=Kind.TEXT
)
BROKEN: Column[Entry] = kept("broken", lambda entry: entry.broken or None)

TASK: tuple[Column[Entry], ...] = (
    NAME,
    Column("version", "version", lambda entry: entry.version),
    *map(_fact, FACTS),
    Column("control", "control", _control, lambda control: "control" if control else "–", Kind.TEXT),
    SET,
    SETTINGS,
    SUMMARY,
    BROKEN,
)
METHOD: tuple[Column[Entry], ...] = (NAME, _fact("approach"), SET, SETTINGS, SUMMARY, BROKEN)
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

"""What `list` and `describe` show, read from the catalogue: nothing is imported."""

from __future__ import annotations

import json
from typing import Any

from indmech_bench.errors import unknown
from indmech_bench.harness.suites.suite import read_suite, suite_names
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import Entry
from indmech_bench.registry.values import written, written_value
from indmech_bench.scoring.metrics import METRICS

FACTS = ("family", "observation", "intervention", "genericity", "solutions", "independence")
"""What a listing says of a task: facts of its class or settings."""
KINDS = ("tasks", "methods", "references", "metrics", "suites")


def listing(kind: str, catalogue: Catalogue) -> list[dict[str, Any]]:
    """One record a name. Raises InputError for a kind that is not in KINDS."""
    if kind not in KINDS:
        raise unknown("kind", kind, KINDS)
    if kind == "metrics":
        return [{"name": m.name, "better": m.better or "–", "summary": m.summary} for m in METRICS]
    if kind == "suites":
        return [_suite(name) for name in suite_names()]
    records = [_record(entry) for entry in catalogue.of_kind(kind[:-1])]
    if kind in ("tasks", "methods"):
        records += [{"name": e.name, "broken": e.broken, "summary": e.broken} for e in catalogue.of_kind("broken")]
    return records


def _suite(name: str) -> dict[str, Any]:
    suite = read_suite(name)
    return {
        "name": name,
        "tasks": len(suite.tasks),
        "methods": len(suite.methods),
        "seeds": suite.seeds,
        "summary": suite.summary,
    }


def _record(entry: Entry) -> dict[str, Any]:
    if entry.kind == "reference":
        return {"name": entry.name, "summary": entry.summary}
    settings = {s.name: s.default for s in entry.settings}
    set_by_name = ", ".join(written(s.name, s.default) for s in entry.settings if s.named) or "–"
    if entry.kind == "task":
        facts = {key: entry.facts.get(key, settings.get(key, "")) for key in FACTS}
        return {
            "name": entry.name,
            "version": entry.version,
            **facts,
            "set": set_by_name,
            "settings": settings,
            "summary": entry.summary,
        }
    group = entry.facts.get("group", "–")
    return {"name": entry.name, "group": group, "set": set_by_name, "settings": settings, "summary": entry.summary}


def listing_json(records: list[dict[str, Any]]) -> str:
    """The same as JSON."""
    return json.dumps(records, indent=1, ensure_ascii=False)


def describe_text(name: str, catalogue: Catalogue) -> str:
    """All that is known of one name: docstring, facts, settings with defaults and ranges. Raises InputError."""
    for entry in catalogue.entries:
        if entry.name == name:
            return _entry_text(entry)
    for metric in METRICS:
        if metric.name == name:
            return f"metric {name}\n\n{metric.summary}\nbetter: {metric.better or 'neither way'}"
    if name in suite_names():
        suite = read_suite(name)
        parts = [f"tasks: {', '.join(suite.tasks)}", f"methods: {', '.join(suite.methods)}", f"seeds: {suite.seeds}"]
        return "\n".join([f"suite {name}", "", suite.summary, *parts])
    known = [e.name for e in catalogue.entries] + [m.name for m in METRICS] + suite_names()
    raise unknown("name", name, known)


def _entry_text(entry: Entry) -> str:
    lines = [f"{entry.kind} {entry.name}" + (f", version {entry.version}" if entry.kind == "task" else ""), ""]
    if entry.broken:
        return "\n".join([*lines, f"cannot be used: {entry.broken}"])
    lines += [entry.doc, ""]
    lines += [f"{key}: {value}" for key, value in entry.facts.items()]
    if entry.settings:
        lines.append("settings:")
    for s in entry.settings:
        extra = "fixed by the name" if s.fixed else f"in {s.range}" if s.range else ""
        lines.append(f"  {written(s.name, s.default)}  ({s.type}{', ' + extra if extra else ''})")
        if s.doc:
            lines.append(f"      {s.doc}")
    if entry.grid:
        lines.append("tune chooses among:")
        lines += [f"  {name}={'|'.join(map(written_value, values))}" for name, values in entry.grid.items()]
    return "\n".join(lines)

"""What `describe` shows, read from the catalogue; of a task also what a method sees, for which it is built."""

from __future__ import annotations

import math
from typing import Any

from indmech_bench.errors import InputError, unknown
from indmech_bench.harness.suites.suite import read_suite, suite_names
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import Entry
from indmech_bench.registry.notation import Named
from indmech_bench.registry.registration import resolve
from indmech_bench.registry.values import written, written_value
from indmech_bench.scoring.metrics import METRICS, Metric
from indmech_bench.text.numbers import number


def describe_text(name: str, catalogue: Catalogue) -> str:
    """All that is known of one name: docstring, facts, settings with defaults and ranges. Raises InputError.

    Of a task, which may be given with settings, also parameters and observation.
    """
    for entry in catalogue.entries:
        if entry.name == name and entry.kind != "task":
            return _entry_text(entry)
        if entry.kind == "task" and entry.name == name.partition(":")[0]:
            return "\n".join([_entry_text(entry), *([] if entry.broken else _seen(resolve(catalogue, "task", name)))])
    for metric in METRICS:
        if metric.name == name:
            return _metric_text(metric)
    if name in suite_names():
        suite = read_suite(name)
        parts = [f"tasks: {', '.join(suite.tasks)}", f"methods: {', '.join(suite.methods)}", f"seeds: {suite.seeds}"]
        return "\n".join([f"suite {name}", "", suite.summary, *parts])
    known = [e.name for e in catalogue.entries] + [m.name for m in METRICS] + suite_names()
    raise unknown("name", name, known)


def _seen(task: Named) -> list[str]:
    """What a method sees of a seed, and the parameters that it looks for."""
    from indmech_bench.harness.external.exporting import about_observation

    try:
        about = about_observation(task)
    except InputError as error:
        return [f"what a method sees of a seed of {task.label} cannot be shown: {error}"]
    of = {name: mechanism for mechanism, names in about["mechanisms"].items() for name in names}
    lines = [
        f"what a method sees of a seed of {task.label}:",
        f"  observations  {about['kind']}, shape {_shape(about['shape'])}",
        "what it looks for, a parameter a line:",
    ]
    for name, shape in about["parameters"].items():
        where = f"mechanism {of[name]}" if name in of else "nuisance, in no mechanism"
        lines.append(f"  {name}  shape {_shape(shape)}, {where}")
    return lines


def _shape(shape: list[int]) -> str:
    """As numpy writes it."""
    return str(tuple(shape))


def _metric_text(metric: Metric) -> str:
    left_out = math.isnan(metric.worst)
    return "\n".join([
        f"metric {metric.name}",
        "",
        metric.summary,
        f"better: {metric.better or 'neither way'}",
        f"a failed replicate: {'left out' if left_out else f'counts as {number(metric.worst)}'}",
        *([f"absent without: {', '.join(metric.needs)}"] if metric.needs else []),
    ])  # fmt: skip


def _facts(entry: Entry) -> dict[str, Any]:
    """The facts of the class; of a task whether it is a control under this name, and what would make it one."""
    if entry.kind != "task":
        return entry.facts
    natural = ", ".join(written(name, value) for name, value in entry.facts.get("natural", {}).items())
    others = {name: value for name, value in entry.facts.items() if name != "natural"}
    control = entry.is_control(entry.defaults)
    return {**others, "control": control, **({"natural": f"{natural}; else a control"} if natural else {})}


def _entry_text(entry: Entry) -> str:
    lines = [f"{entry.kind} {entry.name}" + (f", version {entry.version}" if entry.kind == "task" else ""), ""]
    if entry.broken:
        return "\n".join([*lines, f"cannot be used: {entry.broken}"])
    lines += [entry.doc, ""]
    lines += [f"{key}: {written_value(value)}" for key, value in _facts(entry).items()]
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

"""What is known of the truths of each task: the facts that its rows keep of a replicate, as medians over seeds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from indmech_bench.analysis.drift.columns import median_columns
from indmech_bench.analysis.drift.course import Middle
from indmech_bench.analysis.task_rows import marked, newest_rows
from indmech_bench.analysis.view import in_order
from indmech_bench.errors import InputError
from indmech_bench.results.folder import existing_folder
from indmech_bench.results.row_fields import row_part
from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column, Kind, Table

NOTES = (
    "medians over seeds [95 % by order statistics] of what rows keep of a truth, whichever method they are of; "
    "log_generic_ratio: log rho of the truth; others: `indmech-bench describe TASK`",
)


@dataclass(frozen=True)
class Facts:
    """The truths of one task. seeds: how many; values: fact -> its value at each seed that has it."""

    task: str
    seeds: int
    values: dict[str, tuple[float, ...]]


def truths(folder: str | Path) -> tuple[Facts, ...]:
    """The facts of every task in a results folder, one value a seed. Raises InputError where no row keeps any."""
    place = existing_folder(folder)
    rows = newest_rows(place)
    found: dict[str, dict[int, dict[str, float]]] = {}
    for row in rows:
        kept_facts = {name: value for name, value in row_part(row, "truth").items() if value is not None}
        if kept_facts:
            label = marked(row["task_label"], row["control"])
            found.setdefault(label, {}).setdefault(row["seed"], {}).update(kept_facts)
    if not found:
        raise InputError(f"'{place}' holds no row with facts of its truth.")
    order = {marked(row["task_label"], row["control"]): row["task_label"] for row in rows}
    places = {task: position for position, task in enumerate(in_order(rows))}
    return tuple(_facts(task, found[task]) for task in sorted(found, key=lambda task: places[order[task]]))


def _facts(task: str, by_seed: dict[int, dict[str, float]]) -> Facts:
    names = dict.fromkeys(name for facts in by_seed.values() for name in facts)
    return Facts(
        task,
        len(by_seed),
        {name: tuple(float(facts[name]) for facts in by_seed.values() if name in facts) for name in names},
    )


def document(folder: str | Path, found: tuple[Facts, ...]) -> Document:
    """One table, a line a task; a fact that none of its rows keeps is a dash."""
    names = dict.fromkeys(name for facts in found for name in facts.values)
    columns = (
        Column[Facts]("task", "task", lambda facts: facts.task, kind=Kind.NAME),
        Column[Facts]("seeds", "seeds", lambda facts: facts.seeds),
        *(column for name in names for column in _columns(name)),
    )
    return Document(f"Truths in {folder}", (Section("truths", (Table("truths, by task", columns, found),)),), NOTES)


def _columns(name: str) -> tuple[Column[Facts], ...]:
    return median_columns(name, name, lambda facts: Middle.of(facts.values.get(name, ())))

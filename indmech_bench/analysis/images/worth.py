"""What extrapolated samples are worth to a classifier: a table a task (docs/images.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from indmech_bench.analysis.labels import without_common
from indmech_bench.analysis.method_lines import Cells, cells_by_task, with_common
from indmech_bench.analysis.task_rows import marked, newest_rows
from indmech_bench.errors import InputError
from indmech_bench.results.folder import existing_folder
from indmech_bench.results.row_fields import row_part
from indmech_bench.results.statuses import Status
from indmech_bench.statistics.resampling import ratio_of_gains_interval
from indmech_bench.text.document import Document, Section
from indmech_bench.text.numbers import bracketed, number
from indmech_bench.text.tables import Column, Kind, Table, kept, kept_interval, shown

LEARNT, NONE, ORDINARY, PIXELS, TRUE = (
    f"accuracy_{n}" for n in ("extrapolated", "before", "more", "pixels", "intervened")
)
WITHOUT = {
    NONE: "nothing",
    ORDINARY: "(i) ordinary ones",
    PIXELS: "(ii) edited pixels",
    TRUE: "(iv) truly intervened",
}
"""Facts of a truth that are accuracies no solution has a part in, with what was added to the ordinary images."""
NOTES = (
    "mean accuracy, on truly intervened images that nothing was trained on, of a logistic regression on pixels that "
    "learns from the ordinary images and those that are added; a replicate that failed counts as 0",
    "worth: ((iii) - (i)) / ((iv) - (i)), sums over replicates above and below, with a 95 % bootstrap interval over "
    "them; 0: no more than further ordinary images, 1: as much as truly intervened ones; none where (iv) "
    "is not clearly above (i)",
    "the line parts methods from what no method has a part in, and from references, which know more than a method may",
)


@dataclass(frozen=True)
class Arm:
    """Samples that a classifier was given beside the ordinary images: what they make of it.

    accuracy: mean over n replicates. worth: of the way from (i) to (iv), with its interval; None where that is not
    clearly above 0.
    """

    added: str
    method: str | None
    aside: bool
    n: int
    accuracy: float
    worth: float | None
    interval: tuple[float, float] | None


def arms(folder: Path) -> dict[str, list[Arm]]:
    """Task -> its arms, methods first. Raises InputError where no row has such accuracies."""
    place = existing_folder(folder)
    rows = newest_rows(place)
    known: dict[str, dict[int, Mapping[str, float]]] = {}
    for row in rows:
        facts = row_part(row, "truth")
        if TRUE in facts:
            known.setdefault(marked(row["task_label"], row["control"]), {})[row["seed"]] = facts
    if not known:
        raise InputError(
            f"'{place}' holds no accuracies of a classifier: none of its tasks asks for them, see fluo-faces."
        )
    cells = cells_by_task(rows)
    return {task: _of_task(cells[task], facts) for task, facts in known.items()}


def _of_task(cells: Cells, facts: Mapping[int, Mapping[str, float]]) -> list[Arm]:
    learnt = []
    for (aside, label), rows in cells.items():
        own = {}
        for row in rows:
            if row["seed"] not in facts or (row["status"] == Status.OK and LEARNT not in row_part(row, "metrics")):
                continue  # the latter: a reference without samples
            found = row_part(row, "metrics").get(LEARNT) if row["status"] == Status.OK else None
            own[row["seed"]] = found or 0.0
        if own:
            learnt.append(_arm(f"(iii) {label}", label, aside, own, facts))
    without = [
        _arm(text, None, True, {seed: values[name] for seed, values in facts.items()}, facts)
        for name, text in WITHOUT.items()
        if all(name in values for values in facts.values())
    ]
    return [*(arm for arm in learnt if not arm.aside), *without, *(arm for arm in learnt if arm.aside)]


def _arm(
    added: str, method: str | None, aside: bool, own: Mapping[int, float], facts: Mapping[int, Mapping[str, float]]
) -> Arm:
    low, high = ([facts[seed][name] for seed in own] for name in (ORDINARY, TRUE))
    found = ratio_of_gains_interval([*own.values()], low, high)
    gain = sum(high) - sum(low)
    worth = (sum(own.values()) - sum(low)) / gain if found is not None else None
    return Arm(added, method, aside, len(own), sum(own.values()) / len(own), worth, found)


def document(folder: Path, found: Mapping[str, list[Arm]]) -> Document:
    """A table a task."""
    sections = [_section(task, lines) for task, lines in found.items()]
    return Document(f"What extrapolated samples are worth in {folder}", tuple(sections), NOTES)


def _section(task: str, lines: Sequence[Arm]) -> Section:
    short, common = without_common([line.method for line in lines if line.method and not line.aside])

    def added(line: Arm) -> str:
        return f"(iii) {short[line.method]}" if line.method in short else line.added

    def share(line: Arm) -> str:
        return f"{number(line.worth)} {bracketed(line.interval)}".strip()

    columns: tuple[Column[Arm], ...] = (
        shown("added samples", added, Kind.NAME),
        kept("added", lambda line: line.added),
        kept("method", lambda line: line.method),
        Column[Arm]("n", "n", lambda line: line.n),
        Column[Arm]("accuracy", "accuracy", lambda line: line.accuracy),
        shown("worth", share),
        kept("worth", lambda line: line.worth),
        kept_interval("worth", lambda line: line.interval),
    )
    title = with_common(f"{task}: accuracy by what is added", common)
    return Section(task, (Table(title, columns, tuple(lines), lambda line: line.aside),), {"task": task})

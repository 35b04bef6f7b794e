"""What the tables of `drift` say: a line a regime, and below the course of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from indmech_bench.analysis.drift.course import Against, Checkpoint, Course, Middle
from indmech_bench.analysis.drift.verdicts import ARRIVED, FITS, LEAVES, LEFT, MEANING, RISES, sentence, verdict
from indmech_bench.registry.values import written, written_value
from indmech_bench.text.document import Document, Section
from indmech_bench.text.numbers import pvalue
from indmech_bench.text.tables import Column, Kind, Table, kept, kept_interval, shown

Item = TypeVar("Item")
NOTES = (
    "medians [95 % by order statistics]; a replicate that failed counts as infinite error",
    "change: of log rho from first to last checkpoint; rises: share of replicates in which it grows [Wilson]; way: the "
    "share of the way from the first log rho to the largest that any solution has",
    "less control: paired differences on shared seeds to the regime of the same settings without noise; p by "
    "Wilcoxon's signed ranks, corrected by Holm over all regimes",
    f"training fits with a fit error up to {FITS} at its end and {LEFT} on the way; noise leads away from the truth "
    f"where e exceeds the control's by {LEAVES}, towards balance where log rho does by {RISES}; balance is reached "
    f"from {ARRIVED} of the way on",
)
SETTINGS = {"learning_rate": "step", "label_noise": "noise", "weight_decay": "decay"}
"""Short heads of settings."""


def document(folder: Path, courses: Sequence[Course]) -> Document:
    """A table a task with a line a regime, then a table a regime against the step, under what was found."""
    varying = _varying(courses)
    shared = [written(name, value) for name, value in courses[0].settings.items() if name not in varying]
    by_task: dict[str, list[tuple[int, Course]]] = {}
    for number, course in enumerate(courses, 1):
        by_task.setdefault(course.task, []).append((number, course))
    summaries = [_summary(task, tuple(lines), varying) for task, lines in by_task.items()]
    ways = [_section(number, course, varying) for number, course in enumerate(courses, 1)]
    said = {verdict(course) for course in courses}
    meanings = tuple(f"{word}: {meaning}" for word, meaning in MEANING.items() if word in said)
    settings = (f"all regimes: {', '.join(shared)}",) if shared else ()
    return Document(f"Drift from the truth in {folder}", (*summaries, *ways), (*NOTES, *meanings, *settings))


def _varying(courses: Sequence[Course]) -> tuple[str, ...]:
    """Settings that are not the same in all courses."""
    names = dict.fromkeys(name for course in courses for name in course.settings)
    values = {name: {written_value(course.settings.get(name)) for course in courses} for name in names}
    return tuple(name for name in names if len(values[name]) > 1)


def _setting(settings: Mapping[str, Any], name: str) -> str:
    return written_value(settings.get(name))


def _summary(task: str, lines: tuple[tuple[int, Course], ...], varying: Sequence[str]) -> Section:
    def column(name: str) -> Column[tuple[int, Course]]:
        return Column(f"setting:{name}", SETTINGS.get(name, name), lambda line: _setting(line[1].settings, name), str)

    columns: tuple[Column[tuple[int, Course]], ...] = (
        Column("regime", "no.", lambda line: line[0], kind=Kind.NAME),
        kept("task", lambda line: line[1].task),
        kept("method", lambda line: line[1].method),
        *map(column, varying),
        Column("verdict", "verdict", lambda line: verdict(line[1])),
        kept("n", lambda line: line[1].n),
        *median_columns("end_extrapolation_error", "e", lambda line: line[1].end.extrapolation_error),
        *median_columns("end_fit_error", "fit", lambda line: line[1].end.fit_error),
        *median_columns("worst_fit_error", None, lambda line: line[1].worst.fit_error),
        *median_columns("change", "change of log rho", lambda line: line[1].change),
        shown("rises", lambda line: str(line[1].rises)),
        kept("rises", lambda line: line[1].rises.value),
        kept_interval("rises", lambda line: line[1].rises.interval),
        *median_columns("change_of_size", None, lambda line: line[1].away),
        *median_columns("way", "way", lambda line: line[1].way),
        *_against("error_less_control", "e less control, p", lambda against: (against.error, against.p_error)),
        *_against("ratio_less_control", "log rho less control, p", lambda against: (against.ratio, against.p_ratio)),
        kept("control", lambda line: line[1].against.control if line[1].against else None),
        kept("n_control", lambda line: line[1].against.n if line[1].against else None),
        kept("found", lambda line: sentence(line[1])),
    )
    title = f"{task}: training from the truth, {max(course.n for _, course in lines)} seeds"
    return Section(task, (Table(title, columns, lines),), {"task": task})


def _against(
    name: str, head: str, of: Callable[[Against], tuple[Middle, float]]
) -> tuple[Column[tuple[int, Course]], ...]:
    """A difference to the control with its interval and p; nothing where there is no control."""

    def found(line: tuple[int, Course]) -> tuple[Middle, float | None]:
        return of(line[1].against) if line[1].against else (Middle(None, None), None)

    def cell(line: tuple[int, Course]) -> str:
        middle, p = found(line)
        return str(middle) if p is None else f"{middle}, {pvalue(p)}"

    return (
        shown(head, cell),
        kept(name, lambda line: found(line)[0].value),
        kept_interval(name, lambda line: found(line)[0].interval),
        kept(f"p_{name}", lambda line: found(line)[1]),
    )


def _section(number: int, course: Course, varying: Sequence[str]) -> Section:
    columns: tuple[Column[Checkpoint], ...] = (
        kept("regime", lambda checkpoint: number),
        kept("task", lambda checkpoint: course.task),
        kept("method", lambda checkpoint: course.method),
        Column("step", "step", lambda checkpoint: checkpoint.step, kind=Kind.NAME),
        *median_columns("median_log_generic_ratio", "log rho", lambda checkpoint: checkpoint.log_generic_ratio),
        *median_columns("median_fit_error", "fit", lambda checkpoint: checkpoint.fit_error),
        *median_columns("median_extrapolation_error", "e", lambda checkpoint: checkpoint.extrapolation_error),
    )
    found = sentence(course)
    named = ", ".join(f"{SETTINGS.get(name, name)} {_setting(course.settings, name)}" for name in varying)
    title = f"{number}. {course.task}{', ' + named if named else ''}: {found}"
    facts = {"regime": number, "task": course.task, "method": course.method, "found": found, "verdict": verdict(course)}
    return Section(f"{course.task} {course.method}", (Table(title, columns, course.checkpoints),), facts)


def median_columns(name: str, head: str | None, of: Callable[[Item], Middle]) -> tuple[Column[Item], ...]:
    """A median with its interval in one cell, and as fields of their own."""
    visible: tuple[Column[Item], ...] = () if head is None else (shown(head, lambda item: str(of(item))),)
    return (
        *visible,
        kept(name, lambda item: of(item).value),
        kept_interval(name, lambda item: of(item).interval),
    )

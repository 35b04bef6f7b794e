"""What `status` says of a results folder: counts, holes, failures, rows that would be made anew."""

from __future__ import annotations

from indmech_bench.analysis.status import Change, Failure, FolderStatus, Hole
from indmech_bench.results.statuses import Status
from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column, Kind, Table, kept, shown

FEW = 3
"""Tasks and seeds that are named."""
COUNTS: tuple[Column[tuple[str, int]], ...] = (
    kept("status", lambda count: count[0]),
    kept("rows", lambda count: count[1]),
)
HOLES: tuple[Column[Hole], ...] = (
    Column("task", "task", lambda hole: hole.task, kind=Kind.NAME),
    Column("method", "method", lambda hole: hole.method, kind=Kind.NAME),
    shown("missing", lambda hole: f"{hole.missing} of {hole.seeds} seeds"),
    kept("missing", lambda hole: hole.missing),
    kept("seeds", lambda hole: hole.seeds),
)
FAILURES: tuple[Column[Failure], ...] = (
    Column("method", "method", lambda failure: failure.method, kind=Kind.NAME),
    Column("status", "status", lambda failure: failure.status, kind=Kind.TEXT),
    Column("rows", "rows", lambda failure: failure.rows),
    shown("tasks", lambda failure: _tasks(failure), Kind.TEXT),
    kept("tasks", lambda failure: failure.tasks),
    Column("reason", "reason", lambda failure: failure.reason, kind=Kind.TEXT),
    shown("output", lambda failure: str(failure.outputs[0]) if failure.outputs else "–", Kind.TEXT),
    kept("outputs", lambda failure: [str(path) for path in failure.outputs]),
)
SKIPPED = tuple(column for column in FAILURES if column.name not in ("status", "outputs") and column.head != "output")
CHANGES: tuple[Column[Change], ...] = (
    Column("why", "what today's code would make anew, and why", lambda change: change.why, kind=Kind.TEXT),
    Column("rows", "rows", lambda change: change.rows),
)


def _seeds(seeds: list[int]) -> str:
    """A few by number, of more how many."""
    if len(seeds) > FEW:
        return f"{len(seeds)} seeds"
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


def _tasks(failure: Failure) -> str:
    """A few by name, with their seeds where there is room."""
    names = [f"{task} ({_seeds(seeds)})" for task, seeds in failure.tasks.items()]
    return ", ".join(names[:FEW]) + (f" and {len(names) - FEW} more" if len(names) > FEW else "")


def document(status: FolderStatus) -> Document:
    """A section a list, of what was asked for."""
    total = sum(status.counts.values())
    facts = {"total": total, "runs": status.runs, "left_out": status.left_out}
    sections = [
        Section("counts", (Table("", COUNTS, tuple(status.counts.items())),), facts),
        Section("missing", (Table("missing", HOLES, status.holes),)),
    ]
    summary = ", ".join(f"{number} {name}" for name, number in status.counts.items()) or "nothing yet"
    notes = [f"{status.folder}: {total} rows of {status.runs} runs: {summary}"]
    if status.left_out:
        notes.append(f"{status.left_out} rows made by older code are kept in the file and left out of tables")
    if status.unchecked:
        notes.append(f"{status.unchecked} rows are old: they have no checksum, and a change of them would not show")
    if status.failures is not None:
        failed = tuple(failure for failure in status.failures if failure.status != Status.SKIPPED)
        skipped = tuple(failure for failure in status.failures if failure.status == Status.SKIPPED)
        sections.append(Section("failures", (Table("failed", FAILURES, failed),)))
        sections.append(Section("skipped", (Table("skipped", SKIPPED, skipped),)))
        if not failed:
            notes.append("no row failed")
    if status.changes is not None:
        sections.append(Section("changed", (Table("", CHANGES, status.changes),)))
        if not status.changes:
            notes.append("all rows are what today's code would make")
    return Document(f"FolderStatus of {status.folder}", tuple(sections), tuple(notes))

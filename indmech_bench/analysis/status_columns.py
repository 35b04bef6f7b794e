"""What `status` says of a results folder: counts, holes, failures, rows that would be made anew."""

from __future__ import annotations

from indmech_bench.analysis.status import Change, Failure, FolderStatus, Hole
from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column, Kind, Table, kept, shown

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
    Column("task", "task", lambda failure: failure.task, kind=Kind.NAME),
    Column("method", "method", lambda failure: failure.method, kind=Kind.NAME),
    Column("seed", "seed", lambda failure: failure.seed),
    Column("status", "status", lambda failure: failure.status, kind=Kind.TEXT),
    Column("reason", "reason", lambda failure: failure.reason, kind=Kind.TEXT),
    Column("output", "output", lambda failure: failure.output and str(failure.output), kind=Kind.TEXT),
)
CHANGES: tuple[Column[Change], ...] = (
    Column("why", "what today's code would make anew, and why", lambda change: change.why, kind=Kind.TEXT),
    Column("rows", "rows", lambda change: change.rows),
)


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
        sections.append(Section("failures", (Table("not ok", FAILURES, status.failures),)))
    if status.changes is not None:
        sections.append(Section("changed", (Table("", CHANGES, status.changes),)))
        if not status.changes:
            notes.append("all rows are what today's code would make")
    return Document(f"FolderStatus of {status.folder}", tuple(sections), tuple(notes))

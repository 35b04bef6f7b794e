"""What the table of a tuning says of a candidate."""

from __future__ import annotations

from indmech_bench.harness.tuning.candidates import Candidate
from indmech_bench.text.tables import Column, Kind, Table, kept, shown


def table_of(candidates: tuple[Candidate, ...], chosen: Candidate | None) -> Table[Candidate]:
    """The candidates in their order, the chosen one marked; e only where the protocol may know it."""
    columns: tuple[Column[Candidate], ...] = (
        shown("", lambda candidate: "*" if candidate is chosen else "", Kind.NAME),
        kept("chosen", lambda candidate: candidate is chosen),
        Column("candidate", "candidate", lambda candidate: candidate.method.label, kind=Kind.NAME),
        Column("median_fit_error", "fit (median)", lambda candidate: candidate.fit),
    )
    if any(candidate.error is not None for candidate in candidates):
        columns += (Column("median_extrapolation_error", "e (median)", lambda candidate: candidate.error),)
    return Table("", (*columns, Column("failed", "failed", lambda candidate: candidate.failed)), candidates)

"""What the tables of `sensitivity` say: of each other definition of e, and of each method's ranks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from indmech_bench.analysis.ranking.sensitivity import Alternative, names_by_e
from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column, Kind, Table, kept, shown

NOTES = (
    "Order of methods by 1/(1+error), as in the leaderboard, for other definitions of the error on the same solutions. "
    "tau: Kendall's tau-b with the order by e on the same tasks, 1 the same order.",
    "told apart: pairs of methods whose difference has a 95 % interval without 0 by e; confirmed and reversed: those "
    "that the other definition tells apart the same way and the other way round.",
)
COLUMNS: tuple[Column[Alternative], ...] = (
    Column("metric", "by", lambda one: one.metric, kind=Kind.NAME),
    Column("instead", "what differs", lambda one: one.instead, kind=Kind.TEXT),
    shown("tasks", lambda one: str(len(one.tasks))),
    kept("tasks", lambda one: list(one.tasks)),
    Column("agreement", "tau", lambda one: one.agreement, lambda value: f"{value:.2f}"),
    Column("told_apart", "told apart", lambda one: one.told_apart),
    Column("confirmed", "confirmed", lambda one: one.confirmed),
    Column("reversed", "reversed", lambda one: len(one.reversed_pairs)),
    kept("reversed_pairs", lambda one: [list(pair) for pair in one.reversed_pairs]),
)


def document(folder: Path, found: Sequence[Alternative]) -> Document:
    """A line a definition, then a line a method with its ranks by each."""
    definitions = Section("definitions", (Table("other definitions of e", COLUMNS, tuple(found)),))
    turned = [
        f"{one.metric} reverses: " + "; ".join(f"{better} before {worse} by e" for better, worse in one.reversed_pairs)
        for one in found
        if one.reversed_pairs
    ]
    return Document(f"Sensitivity of the ranks in {folder}", (definitions, _ranks(found)), (*NOTES, *turned))


def _ranks(found: Sequence[Alternative]) -> Section:
    def rank(one: Alternative) -> tuple[Column[str], Column[str]]:
        return (
            shown(one.metric, lambda name: f"{one.ranks[name]} ({one.ranks_by_e[name]})"),
            kept(one.metric, lambda name: [one.ranks[name], one.ranks_by_e[name]]),
        )

    method: Column[str] = Column("method", "method", lambda name: name, kind=Kind.NAME)
    columns = (method, *(column for one in found for column in rank(one)))
    return Section("ranks", (Table("rank by it (by e on the same tasks)", columns, tuple(names_by_e(found))),))

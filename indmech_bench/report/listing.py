"""The figures as a table: what each shows, and whether some results hold it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from indmech_bench.report.evidence import Evidence, NothingToDrawError
from indmech_bench.report.figure import Figure
from indmech_bench.report.gallery import FIGURES
from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column, Kind, Table

NAMED: tuple[Column[Figure], ...] = (
    Column("figure", "figure", lambda figure: figure.name, kind=Kind.NAME),
    Column("title", "what it shows", lambda figure: figure.title, kind=Kind.TEXT),
)


def document(folder: Path | None) -> Document:
    """All figures; with a folder what it lacks for each, empty where it lacks nothing. Raises InputError."""
    columns = NAMED
    if folder is not None:
        lacks = _lacks(Evidence.of(folder))
        columns = (*NAMED, Column("lacks", "lacks", lambda figure: lacks(figure), kind=Kind.TEXT))
    title = "Figures" if folder is None else f"Figures of {folder}"
    return Document(title, (Section("", (Table("", columns, tuple(FIGURES.values())),)),))


def _lacks(evidence: Evidence) -> Callable[[Figure], str]:
    found = {}
    for name, figure in FIGURES.items():
        try:
            figure.data(evidence)
            found[name] = ""
        except NothingToDrawError as error:
            found[name] = str(error)
    return lambda figure: found[figure.name]

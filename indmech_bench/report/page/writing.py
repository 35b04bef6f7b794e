"""The page of a results folder: gathered, drawn, written as one file."""

from __future__ import annotations

import json
import os
import shlex
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from indmech_bench.analysis.ranking.board import document
from indmech_bench.analysis.status import failures_of
from indmech_bench.errors import InputError
from indmech_bench.report.evidence import Evidence, NothingToDrawError
from indmech_bench.report.gallery import FIGURES, save
from indmech_bench.report.page import provenance_tables
from indmech_bench.report.page.cells import cells_and_rows
from indmech_bench.report.page.citations import citations, joined, named_in
from indmech_bench.report.page.findings import findings
from indmech_bench.report.page.svg import inline
from indmech_bench.report.page.tables import PageTable, data_uri, page_table
from indmech_bench.report.style import styled
from indmech_bench.results.files import write_whole
from indmech_bench.results.provenance import package_version

PAGE = "report.html"
SAVED = (".pdf", ".svg")
"""What a figure is written as beside the page, with its data as .csv."""


@dataclass(frozen=True)
class Drawn:
    """A figure of the page; `lacks` says why there is none."""

    name: str
    title: str
    reading: str
    says: str = ""
    svg: str = ""
    csv: str = ""
    pdf: str = ""
    lacks: str = ""


def write_report(folder: str | Path, *, out: str | Path | None = None, figures: str | Path | None = None) -> Path:
    """Write the page of a results folder, one file that needs no other; returns its path. Raises InputError.

    Args:
        folder: a results folder.
        out: the file; `report.html` in the results folder by default.
        figures: a folder for the figures, each as PDF and SVG with its data as CSV; none by default.
    """
    evidence = Evidence.of(folder)
    path = Path(out) if out is not None else evidence.places[0] / PAGE
    beside = Path(figures) if figures is not None else None
    text = render(evidence, beside, path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode())
    except OSError as error:
        raise InputError(f"'{path}' cannot be written: {error.strerror}.") from None
    return path


def render(evidence: Evidence, beside: Path | None = None, path: Path = Path(PAGE)) -> str:
    """The page as text. `beside`: a folder for the figures; `path`: of the page, for its links there."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    drawn = [_drawn(evidence, name, beside, path) for name in FIGURES]
    tables, rows = _tables(evidence)
    cited = citations(named_in(evidence.rows))
    environment = Environment(
        loader=PackageLoader("indmech_bench.report.page", "template"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("page.html.j2").render(
        title=evidence.places[0].resolve().name,
        folder=shlex.quote(str(evidence.places[0])),
        version=package_version(),
        made=datetime.now(UTC).strftime("%Y-%m-%d"),
        counts=_counts(evidence),
        findings=findings(evidence),
        figures={figure.name: figure for figure in drawn},
        order=[figure.name for figure in drawn],
        tables=tables,
        notes=list(document([evidence.board]).notes) if evidence.rows else [],
        rows_json=_for_script(rows),
        cited=cited,
        bibliography=data_uri("application/x-bibtex", joined(cited)),
        style=_asset("page.css"),
        script=_asset("page.js"),
        tables_style=_of_itables("dt_bundle.css"),
        tables_script=b64encode(_of_itables("dt_bundle.js").encode()).decode(),
    )


def _drawn(evidence: Evidence, name: str, beside: Path | None, path: Path) -> Drawn:
    from matplotlib import pyplot

    figure = FIGURES[name]
    about = partial(Drawn, name, figure.title, figure.reading)
    try:
        data = figure.data(evidence)
    except NothingToDrawError as error:
        return about(lacks=str(error))
    says, csv = figure.says(data), data.to_csv(index=False)
    with styled():
        drawing = figure.draw(data)
        svg = inline(drawing, name, figure.title, says)
        if beside is not None:
            for suffix in SAVED:
                save(drawing, beside / f"{name}{suffix}")
            write_whole(beside / f"{name}.csv", csv.encode())
        pyplot.close(drawing)
    pdf = "" if beside is None else Path(os.path.relpath(beside / f"{name}.pdf", path.parent)).as_posix()
    return about(says=says, svg=svg, csv=data_uri("text/csv", csv), pdf=pdf)


def _tables(evidence: Evidence) -> tuple[dict[str, PageTable], dict[str, Any]]:
    """By name; and the rows."""
    runs = page_table("runs", provenance_tables.runs(evidence))
    if not evidence.rows:
        return {"runs": runs}, {}
    board = document([evidence.board], every_column=True)
    names = ("leaderboard", "identified-by-task", "error-by-task")
    shown = dict(zip(names, board.sections[0].tables, strict=False))
    cells, rows = cells_and_rows(evidence)
    failed = failures_of(evidence.rows, evidence.places[0])
    return {
        **{name: page_table(name, table) for name, table in shown.items() if table.visible},
        "failures": page_table("failures", provenance_tables.failures(failed)),
        "cells": page_table("cells", cells, paged=True),
        "methods": page_table("methods", provenance_tables.methods(evidence)),
        "tasks": page_table("tasks", provenance_tables.tasks(evidence)),
        "runs": runs,
    }, rows


def _counts(evidence: Evidence) -> list[tuple[int, str]]:
    """How much of what there is, in the head of the page."""
    if not evidence.rows:
        return []
    board = evidence.board
    found = [
        (sum(not line.reference for line in board.lines), "method", "methods"),
        (len(evidence.tasks) - len(evidence.controls), "task that ranks", "tasks that rank"),
        (len(evidence.controls), "control", "controls"),
        (board.pairs, "(task, seed) pair", "(task, seed) pairs"),
        (len(evidence.rows), "row", "rows"),
    ]
    return [(number, one if number == 1 else many) for number, one, many in found]


def _for_script(data: dict[str, Any]) -> str:
    """JSON that can stand in a script element, whatever its texts are."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _asset(name: str) -> str:
    return (files("indmech_bench.report.page") / "template" / name).read_text(encoding="utf-8")


def _of_itables(name: str) -> str:
    """DataTables, jQuery and their extensions in one file, as itables brings them along."""
    return (files("itables") / "html" / name).read_text(encoding="utf-8")

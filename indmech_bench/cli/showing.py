"""Verbs that show results: `along`, `report`, `plot`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from indmech_bench.cli.application import Form, app
from indmech_bench.cli.completion import figures, metrics
from indmech_bench.cli.terminal import show
from indmech_bench.errors import InputError
from indmech_bench.text.lines import printable


@app.command()
def along(
    folder: Annotated[Path, typer.Argument(help="a results folder of a run with --curves")],
    metric: Annotated[list[str] | None, typer.Option(help="One of them; repeatable.", autocompletion=metrics)] = None,
    method: Annotated[list[str] | None, typer.Option(help="A method, by its name; repeatable.")] = None,
    at: Annotated[list[float] | None, typer.Option(help="A share of all steps; repeatable. Quarters.")] = None,
    form: Form = "table",
) -> None:
    """Show medians of metrics along training.

    After parts of all steps: whether the fit still improves, and what becomes of log rho and e meanwhile.
    """
    from indmech_bench.analysis.drift import along
    from indmech_bench.text.writing import write

    shares = at or along.QUARTERS
    show(write(along.document(folder, along.along(folder, metric or (), shares, method or ()), shares), form))


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="a results folder")],
    out: Annotated[Path | None, typer.Option(help="The file; report.html in the folder by default.")] = None,
    figures: Annotated[Path | None, typer.Option(help="A folder for figures as PDF and SVG, with CSV.")] = None,
) -> None:
    """Write a page of a results folder.

    One file that needs no other: findings, tables, figures, commands, citations.
    """
    from indmech_bench.report.page.writing import write_report

    show(printable(str(write_report(folder, out=out, figures=figures))))


@app.command()
def plot(
    folder: Annotated[Path | None, typer.Argument(help="a results folder")] = None,
    name: Annotated[str | None, typer.Argument(help="a figure, see --list", autocompletion=figures)] = None,
    out: Annotated[Path | None, typer.Option(help=".svg, .png or .pdf; FOLDER/NAME.svg by default.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the figures, and which this folder can show.")] = False,
    form: Form = "table",
) -> None:
    """Draw one figure of a results folder."""
    from indmech_bench.report import gallery, listing
    from indmech_bench.text.writing import write

    if listed or folder is None:
        if name is not None or not listed:
            raise InputError("plot takes a results folder and a figure; --list says which there are.")
        show(write(listing.document(folder), form))
        return
    if name is None:
        raise InputError(f"plot '{folder}' lacks the name of a figure: {', '.join(gallery.FIGURES)}.")
    path = out if out is not None else folder / f"{name}.svg"
    gallery.plot(folder, name, out=path)
    show(printable(str(path)))

"""Verbs between folders and files: `compare`, `merge`, `export-observations`, `export-truths`, `score`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from indmech_bench.cli.application import Form, Plugins, app
from indmech_bench.cli.terminal import show, show_bytes
from indmech_bench.errors import InputError
from indmech_bench.results.statuses import Status
from indmech_bench.text.lines import printable

Salt = Annotated[str, typer.Option(help="The secret that a run mixed into its truths.")]


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(help="a results folder: before")],
    b: Annotated[Path, typer.Argument(help="a results folder: after")],
    form: Form = "table",
    fail_on_regression: Annotated[
        bool, typer.Option("--fail-on-regression", help="Exit 1 when B is significantly worse, or fails more.")
    ] = False,
) -> None:
    """Compare two results folders.

    What differs between them, and whether it makes a difference.
    """
    from indmech_bench.analysis.comparison import comparison
    from indmech_bench.text.writing import write

    found = comparison.compare(a, b)
    show(write(found.document, form))
    raise typer.Exit(1 if fail_on_regression and found.regressed else 0)


@app.command()
def merge(
    folders: Annotated[list[Path], typer.Argument(help="two results folders or more; one to pack or unpack")],
    out: Annotated[Path, typer.Option(help="The new folder; it must not exist.")],
    packed: Annotated[bool, typer.Option("--packed", help="Rows compressed to a tenth, to be read only.")] = False,
    no_pictures: Annotated[bool, typer.Option("--no-pictures", help="Leave the pictures of rows out.")] = False,
) -> None:
    """Make one results folder of several.

    They are left as they are.
    """
    from indmech_bench.results import merging

    show("\n".join(map(printable, merging.merge(folders, out=out, packed=packed, pictures=not no_pictures).sentences)))


@app.command()
def rows(
    folder: Annotated[Path, typer.Argument(help="a results folder")],
    form: Annotated[str, typer.Option("--format", help="csv, json (an object a line) or parquet (pyarrow).")] = "csv",
    out: Annotated[Path | None, typer.Option(help="The file; standard output by default.")] = None,
) -> None:
    """Write the rows of a results folder, flat.

    Every field is a column, as in Python's load; newest code only.
    """
    from indmech_bench.analysis.rows_file import PARQUET, rows_as

    written = rows_as(folder, form)
    if out is not None:
        try:
            out.write_bytes(written)
        except OSError as error:
            raise InputError(f"--out '{out}' cannot be written: {error.strerror}.") from None
    elif form == PARQUET and sys.stdout.isatty():
        raise InputError("--format parquet is nothing for a terminal: give --out FILE.")
    else:
        show_bytes(written)


@app.command("export-observations")
def export_observations(
    task: Annotated[str, typer.Argument(help="name:setting=value,...")],
    seeds: Annotated[str, typer.Option(help="32 for 0 to 31, 100-131, 7-7 for seed 7.")],
    out: Annotated[Path, typer.Option(help="An empty folder or none.")],
    salt: Salt = "",
    plugin: Plugins = [],  # noqa: B006
) -> None:
    """Write what a method sees, for other languages.

    An .npz a seed, and a .json about them.
    """
    from indmech_bench.harness.external import exporting

    about, files = exporting.export_observations(task, seeds=seeds, out=out, salt=salt, plugins=plugin)
    show(f"{about}: {len(files)} observations beside it")


@app.command("export-truths")
def export_truths(
    task: Annotated[str, typer.Argument(help="name:setting=value,...")],
    file: Annotated[Path, typer.Argument(help="a new FILE.npz")],
    seeds: Annotated[str, typer.Option(help="32 for 0 to 31, 100-131, 7-7 for seed 7.")],
    salt: Salt = "",
    plugin: Plugins = [],  # noqa: B006
) -> None:
    """Write the truths of a task, for no method to see.

    The answer sheet: mechanisms as they are drawn and the facts of each truth, an array each, seeds first, to be looked
    at, or used where what they are drawn from is missing. A method that has seen them has not been tested.
    """
    from indmech_bench.harness.external import exporting

    written = exporting.export_truths(task, file, seeds=seeds, salt=salt, plugins=plugin)
    show(f"{written}: the truths, {written.stat().st_size:,} bytes; no method may see them")


@app.command()
def score(
    file: Annotated[Path, typer.Argument(help="an .npz with an array for each parameter")],
    task: Annotated[str, typer.Option(help="name:setting=value,...")],
    seed: Annotated[int, typer.Option(help="The seed whose observation was fitted.")],
    name: Annotated[str, typer.Option(help="The row's method is external-NAME.")] = "",
    out: Annotated[Path | None, typer.Option(help="Keep the row in this results folder.")] = None,
    salt: Salt = "",
    plugin: Plugins = [],  # noqa: B006
    form: Form = "table",
) -> None:
    """Score parameters that were found elsewhere.

    They are in the scale of the exported observation.
    """
    from indmech_bench.harness.external import scoring
    from indmech_bench.text.writing import write

    command = ["indmech-bench", *sys.argv[1:]]
    row = scoring.score_file(file, task=task, seed=seed, name=name, out=out, salt=salt, plugins=plugin, command=command)
    show(write(scoring.document_of(row), form))
    raise typer.Exit(0 if row["status"] == Status.OK else 1)

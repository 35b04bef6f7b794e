"""The application that the verbs register with, and the options that they share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from indmech_bench.cli.terminal import show

app = typer.Typer(
    name="indmech-bench",
    help="A benchmark suite for independence of mechanisms in generative models.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Plugins = Annotated[
    list[Path], typer.Option("--plugin", help="A file that registers methods, tasks or kernels; repeatable.")
]


def _known_format(form: str) -> str:
    from indmech_bench.text.writing import check_format

    check_format(form)  # before anything is read or run
    return form


Form = Annotated[str, typer.Option("--format", callback=_known_format, help="table, md, csv, json, html or latex.")]


def _version(wanted: bool) -> None:
    if wanted:
        from indmech_bench.results.provenance import package_version

        show(f"indmech-bench {package_version()}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    if context.invoked_subcommand is None:
        show(context.get_help())

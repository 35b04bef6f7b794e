"""Verbs that read: what is registered, and what a results folder holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from indmech_bench.cli.application import Form, Plugins, app
from indmech_bench.cli.completion import every_name, metrics
from indmech_bench.cli.terminal import show
from indmech_bench.errors import InputError

Long = Annotated[bool, typer.Option("--long", help="All columns in a terminal, on several pages if need be.")]


@app.command("list")
def list_(
    kind: Annotated[str, typer.Argument(help="tasks, methods, references, kernels, metrics or suites")],
    form: Form = "table",
    as_json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
    every_column: Long = False,
    plugin: Plugins = [],  # noqa: B006
) -> None:
    """List what is registered."""
    from indmech_bench.cli.catalogue import listings
    from indmech_bench.registry.catalogue import Catalogue
    from indmech_bench.text.writing import write

    found = listings.document(kind, Catalogue.read(plugin), every_column=every_column)
    show(write(found, "json" if as_json else form))


@app.command()
def describe(
    name: Annotated[
        str,
        typer.Argument(help="a task, method, reference, kernel, metric or suite", autocompletion=every_name),
    ],
    plugin: Plugins = [],  # noqa: B006
) -> None:
    """Say all that is known of one name.

    What it does, its settings, defaults and ranges; of a task its parameters and what is observed.
    """
    from indmech_bench.cli.catalogue import descriptions
    from indmech_bench.registry.catalogue import Catalogue

    show(descriptions.describe_text(name, Catalogue.read(plugin)))


@app.command()
def status(
    folder: Annotated[Path, typer.Argument(help="a results folder")],
    why: Annotated[bool, typer.Option("--why", help="What today's code would run again, and why.")] = False,
    failures: Annotated[bool, typer.Option("--failures", help="Every row that is not ok, with its reason.")] = False,
    form: Form = "table",
    plugin: Plugins = [],  # noqa: B006
) -> None:
    """Show what a results folder holds."""
    from indmech_bench.analysis import status, status_columns
    from indmech_bench.text.writing import write

    found = status.status_of(folder, why=why, failures=failures, plugins=plugin)
    show(write(status_columns.document(found), form))


@app.command()
def leaderboard(
    folder: Annotated[Path, typer.Argument(help="a results folder")],
    metric: Annotated[
        str, typer.Option(help="What the medians by task show.", autocompletion=metrics)
    ] = "extrapolation_error",
    family: Annotated[str | None, typer.Option(help="Only the tasks of this family.")] = None,
    group_by: Annotated[str | None, typer.Option(help="family, dependence, observation, budget or protocol.")] = None,
    form: Form = "table",
    standings: Annotated[bool, typer.Option("--standings", help="How methods stand to each other, instead.")] = False,
    every_column: Long = False,
) -> None:
    """Print the leaderboard of a results folder.

    Or one a view, or how its methods stand to each other.
    """
    from indmech_bench.analysis.ranking import board, ranking, standings_columns
    from indmech_bench.analysis.ranking.standings import rivalries
    from indmech_bench.text.writing import write

    if standings and (group_by is not None or metric != "extrapolation_error"):
        raise InputError("--standings is by the extrapolation error and by family: it takes no --metric or --group-by.")
    if standings:
        found = standings_columns.document(folder, rivalries(folder, family=family))
    else:
        boards = ranking.leaderboards(folder, metric=metric, family=family, group_by=group_by)
        found = board.document(boards, every_column=every_column)
    show(write(found, form))


@app.command()
def sensitivity(
    folder: Annotated[Path, typer.Argument(help="a results folder")],
    family: Annotated[str | None, typer.Option(help="Only the tasks of this family.")] = None,
    form: Form = "table",
) -> None:
    """Say whether ranks survive other definitions of e.

    Other divergences, weights, normalisations and interventions, on the same solutions.
    """
    from indmech_bench.analysis.ranking import sensitivity, sensitivity_columns
    from indmech_bench.text.writing import write

    show(write(sensitivity_columns.document(folder, sensitivity.sensitivity(folder, family=family)), form))


@app.command()
def drift(
    folder: Annotated[Path, typer.Argument(help="a results folder with a task that starts at the truth")],
    form: Form = "table",
) -> None:
    """Say whether training leaves the truth.

    And where it goes: regime by regime, beside its full-batch control.
    """
    from indmech_bench.analysis.drift import columns, reading
    from indmech_bench.text.writing import write

    show(write(columns.document(folder, reading.courses(folder)), form))


@app.command("by-intervention")
def by_intervention(
    folder: Annotated[Path, typer.Argument(help="a results folder with a task that lists its interventions")],
    form: Form = "table",
    intervals: Annotated[bool, typer.Option("--long", help="With the intervals of all medians.")] = False,
) -> None:
    """Show the error under each intervention."""
    from indmech_bench.analysis.images import by_intervention
    from indmech_bench.text.writing import write

    found = by_intervention.by_intervention(folder)
    show(write(by_intervention.document(folder, found, intervals=intervals), form))


@app.command()
def worth(
    folder: Annotated[Path, typer.Argument(help="a results folder with fluo-faces or digits")],
    form: Form = "table",
) -> None:
    """Show what extrapolated samples are worth.

    The accuracy of a classifier on truly intervened images, by what it was trained on, beside pixels that were edited.
    """
    from indmech_bench.analysis.images import worth
    from indmech_bench.text.writing import write

    show(write(worth.document(folder, worth.arms(folder)), form))


@app.command()
def truths(
    folder: Annotated[Path, typer.Argument(help="a results folder")],
    form: Form = "table",
) -> None:
    """Show what is known of the truths of each task."""
    from indmech_bench.analysis import truths
    from indmech_bench.text.writing import write

    show(write(truths.document(folder, truths.truths(folder)), form))


@app.command()
def medians(
    folder: Annotated[Path, typer.Argument(help="a results folder")],
    metric: Annotated[list[str] | None, typer.Option(help="One of them; repeatable.", autocompletion=metrics)] = None,
    across: Annotated[bool, typer.Option("--across", help="A table a metric, tasks across.")] = False,
    form: Form = "table",
) -> None:
    """Show medians of metrics, by task and method."""
    from indmech_bench.analysis import medians
    from indmech_bench.text.writing import write

    show(write(medians.document(folder, medians.medians(folder, metric or ()), across=across), form))


@app.command()
def versus(
    folder: Annotated[Path, typer.Argument(help="a results folder")],
    method: Annotated[str, typer.Argument(help="a method or reference in it, as tables name it")],
    family: Annotated[str | None, typer.Option(help="Only the tasks of this family.")] = None,
    matrix: Annotated[bool, typer.Option("--matrix", help="One table, methods by tasks.")] = False,
    metric: Annotated[
        str, typer.Option(help="The error that scores are of.", autocompletion=metrics)
    ] = "extrapolation_error",
    form: Form = "table",
) -> None:
    """Compare every method with one, seed by seed."""
    from indmech_bench.analysis.pairing import columns, pairings
    from indmech_bench.text.writing import write

    found = pairings.versus(folder, method, family=family, metric=metric, itself=matrix)
    document = columns.matrix_document if matrix else columns.versus_document
    show(write(document(folder, found), form))


@app.command()
def winners(
    folder: Annotated[Path, typer.Argument(help="a results folder")],
    family: Annotated[str | None, typer.Option(help="Only the tasks of this family.")] = None,
    form: Form = "table",
) -> None:
    """Show which approach wins each task.

    And whether it beats the simplest predictors.
    """
    from indmech_bench.analysis.pairing import columns, pairings
    from indmech_bench.text.writing import write

    show(write(columns.winners_document(folder, pairings.winners(folder, family=family)), form))


@app.command()
def pairs(
    pairs: Annotated[int, typer.Option(help="How many draws of each pair.")] = 400,
    form: Form = "table",
    plugin: Plugins = [],  # noqa: B006
) -> None:
    """Say how generic pairs of named kernels are.

    Their log rho beside that of iid Gaussian taps.
    """
    from indmech_bench.tasks.physics import pair_columns
    from indmech_bench.tasks.physics.pairs import pair_lines
    from indmech_bench.text.writing import write

    show(write(pair_columns.document(pair_lines(pairs, plugin)), form))

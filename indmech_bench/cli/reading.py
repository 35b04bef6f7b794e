"""Verbs that read: what is registered, and what a results folder holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from indmech_bench.cli.application import Plugins, app
from indmech_bench.cli.terminal import show
from indmech_bench.errors import InputError


@app.command("list")
def list_(
    kind: Annotated[str, typer.Argument(help="tasks, methods, references, metrics or suites")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    plugin: Plugins = [],  # noqa: B006
) -> None:
    """List what is registered."""
    from indmech_bench.cli import descriptions
    from indmech_bench.registry.catalogue import Catalogue
    from indmech_bench.text.lines import listing_text

    records = descriptions.listing(kind, Catalogue.read(plugin))
    show(descriptions.listing_json(records) if as_json else listing_text(records))


@app.command()
def describe(
    name: Annotated[str, typer.Argument(help="a task, method, reference, metric or suite")],
    plugin: Plugins = [],  # noqa: B006
) -> None:
    """Say all that is known of one name: what it does, its settings, defaults and ranges."""
    from indmech_bench.cli import descriptions
    from indmech_bench.registry.catalogue import Catalogue

    show(descriptions.describe_text(name, Catalogue.read(plugin)))


@app.command()
def status(
    folder: Annotated[Path, typer.Argument(help="a results folder")],
    why: Annotated[bool, typer.Option("--why", help="What today's code would run again, and why.")] = False,
    failures: Annotated[bool, typer.Option("--failures", help="Every row that is not ok, with its reason.")] = False,
    plugin: Plugins = [],  # noqa: B006
) -> None:
    """Show what a results folder holds."""
    from indmech_bench.analysis.status import status_lines

    show("\n".join(status_lines(folder, why=why, failures=failures, plugins=plugin)))


@app.command()
def leaderboard(
    folder: Annotated[Path, typer.Argument(help="a results folder")],
    metric: Annotated[str, typer.Option(help="What the medians by task show.")] = "extrapolation_error",
    family: Annotated[str | None, typer.Option(help="Only the tasks of this family.")] = None,
    group_by: Annotated[str | None, typer.Option(help="family, dependence, observation, budget or protocol.")] = None,
    form: Annotated[str, typer.Option("--format", help="table, md, csv, json, html or latex.")] = "table",
    standings: Annotated[bool, typer.Option("--standings", help="How methods stand to each other, instead.")] = False,
) -> None:
    """Print the leaderboard of a results folder, or one a group, or how its methods stand to each other."""
    from indmech_bench.analysis import ranking
    from indmech_bench.text import tables

    if standings:
        _standings(folder, family, form, alone=group_by is None and metric == "extrapolation_error")
        return
    tables.check_format(form)
    show(tables.render(ranking.leaderboards(folder, metric=metric, family=family, group_by=group_by), form))


@app.command()
def drift(
    folder: Annotated[Path, typer.Argument(help="a results folder with a task that starts at the truth")],
) -> None:
    """Say whether training leaves the truth: log rho, fit and e against the step."""
    from indmech_bench.analysis.drift import drift_lines

    show("\n".join(drift_lines(folder)))


def _standings(folder: Path, family: str | None, form: str, *, alone: bool) -> None:
    from indmech_bench.analysis import standings as rivalry
    from indmech_bench.text import tables

    if not alone:
        raise InputError("--standings is by the extrapolation error and by family: it takes no --metric or --group-by.")
    tables.check_format(form, ("table", "md"))
    sections = [
        section for one in rivalry.rivalries(folder, family=family) for section in rivalry.rivalry_sections(one)
    ]
    show("\n\n".join((tables.markdown_table if form == "md" else tables.text_table)(one) for one in sections))


@app.command()
def versus(
    folder: Annotated[Path, typer.Argument(help="a results folder")],
    method: Annotated[str, typer.Argument(help="a method or reference in it, as tables name it")],
    family: Annotated[str | None, typer.Option(help="Only the tasks of this family.")] = None,
    form: Annotated[str, typer.Option("--format", help="table, md, csv or json.")] = "table",
) -> None:
    """Compare every method of a results folder with one of them, seed by seed."""
    from indmech_bench.analysis import pairing_tables, pairings

    show(pairing_tables.render_versus(pairings.versus(folder, method, family=family), form))


@app.command()
def winners(
    folder: Annotated[Path, typer.Argument(help="a results folder")],
    family: Annotated[str | None, typer.Option(help="Only the tasks of this family.")] = None,
    form: Annotated[str, typer.Option("--format", help="table, md, csv or json.")] = "table",
) -> None:
    """Show which group of methods wins each task, and whether it beats the simplest predictors."""
    from indmech_bench.analysis import pairing_tables, pairings

    show(pairing_tables.render_winners(pairings.winners(folder, family=family), form))

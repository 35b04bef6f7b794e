"""Verbs that run: `run`, `tune`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from indmech_bench.cli.application import Form, Plugins, app
from indmech_bench.cli.run_options import with_run_options
from indmech_bench.cli.terminal import say, show
from indmech_bench.harness.options import RunOptions
from indmech_bench.text.lines import printable

if TYPE_CHECKING:
    from indmech_bench.harness.benchmark import Report


@app.command()
@with_run_options
def run(
    options: RunOptions,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would run, and run nothing.")] = False,
    against: Annotated[
        Path | None, typer.Option(help="A results folder: run on its tasks and seeds, show both together.")
    ] = None,
) -> None:
    """Run a benchmark, or go on with one.

    The same command again resumes.
    """
    from indmech_bench.harness import benchmark, planning
    from indmech_bench.harness.against import plans_against, tables_against
    from indmech_bench.harness.progress.dry_run import dry_run as dry_run_of

    plans = [planning.plan(options)] if against is None else plans_against(against, options)
    if dry_run:
        show("\n".join(dry_run_of(plans)))
        return
    report = benchmark.run_plans(plans)
    if against is not None:
        show(tables_against(against, report))
    _end(report, plans[0].options, against)


def _end(report: Report, options: RunOptions, against: Path | None) -> NoReturn:
    """Say how a run ended, where its results are, how long it took and what comes next; and end with it."""
    from indmech_bench.text.lines import clock

    if options.save_solutions or options.curves:
        _say_what_is_missing(report.folder, options)
    if report.resumed:
        show(f"{report.resumed} rows were there already")
    show(str(report))
    if report.left:
        why = f" ({report.why_left})" if report.why_left else ""
        print(printable(f"{report.left} rows are left{why}: the same command goes on from there"), file=sys.stderr)
    place = shlex.quote(str(report.folder))
    if report.failed:
        following = f"status {place} --failures"
    else:
        beside = f"merge {shlex.quote(str(against))} {place} --out {place}-beside"
        following = f"leaderboard {place}" if against is None else beside
    print(printable(f"{report.folder}, {clock(report.seconds)}; next: indmech-bench {following}"), file=sys.stderr)
    raise typer.Exit(1 if report.failed or report.left else 0)


def _say_what_is_missing(folder: Path, options: RunOptions) -> None:
    """Rows that were there already have no files of what is asked for now."""
    from indmech_bench.results.curves import curves_path
    from indmech_bench.results.folder import read_folder
    from indmech_bench.results.parameter_files import missing_solutions
    from indmech_bench.results.statuses import Status

    rows = read_folder(folder)
    missing = missing_solutions(folder, rows) if options.save_solutions else 0
    if missing:
        print(f"{missing} rows were made before without their solutions; --fresh makes them", file=sys.stderr)
    ok = [row for row in rows if row["status"] == Status.OK and not row["reference"]]
    missing = sum(not curves_path(folder, row).is_file() for row in ok) if options.curves else 0
    if missing:
        print(f"{missing} rows have no curves: made before without, or by methods that show none", file=sys.stderr)


@app.command()
def tune(
    method: Annotated[str, typer.Argument(help="name:setting=value,...; what is given is held")],
    task: Annotated[str, typer.Option("--task", help="name:setting=value,...")],
    protocol: Annotated[str, typer.Option(help="blind: by the fit; oracle: by the extrapolation error.")],
    seeds: Annotated[str, typer.Option(help="Tuning seeds, within 10000-19999.")] = "10000-10031",
    grid: Annotated[list[str], typer.Option("--grid", help="setting=v1|v2; repeatable; the method's own.")] = [],  # noqa: B006
    budget: Annotated[float | None, typer.Option(help="Cost units a replicate may spend.")] = None,
    precision: Annotated[str, typer.Option(help="float64 or float32.")] = "float64",
    out: Annotated[Path | None, typer.Option(help="Settings file; in results/tuning by default.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Worker processes, one a core by default; 0: in this one.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds an attempt may take.")] = 300.0,
    plugin: Plugins = [],  # noqa: B006
    salt: Annotated[str, typer.Option(help="A secret mixed into every truth.")] = "",
    form: Form = "table",
) -> None:
    """Choose a method's settings on tuning seeds.

    They go into a file for run --settings. The same command again resumes.
    """
    from indmech_bench.harness.tuning import tuning
    from indmech_bench.text.writing import write

    tuned = tuning.tune(
        method,
        task=task,
        protocol=protocol,
        seeds=seeds,
        grid=grid,
        budget=budget,
        precision=precision,
        out=out,
        jobs=jobs,
        timeout=timeout,
        plugins=plugin,
        salt=salt,
    )
    show(write(tuned.document, form))
    if tuned.chosen is None:
        failed = f"every candidate failed on half of the seeds or more, so nothing was written; {tuned.reason}"
        raise typer.Exit(say(f"{failed}; see: indmech-bench status {tuned.folder} --failures", 1))

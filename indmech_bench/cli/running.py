"""Verbs that run: `run`, `tune`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from indmech_bench.cli.application import Form, Plugins, app
from indmech_bench.cli.terminal import say, show
from indmech_bench.errors import InputError


@app.command()
def run(
    suite: Annotated[str | None, typer.Argument(help="a suite's name or a .toml file; core without tasks")] = None,
    task: Annotated[list[str], typer.Option("--task", help="name:setting=value,...; repeatable.")] = [],  # noqa: B006
    method: Annotated[list[str], typer.Option("--method", help="name:setting=value,...; repeatable.")] = [],  # noqa: B006
    settings: Annotated[list[Path], typer.Option("--settings", help="A file that tune wrote; repeatable.")] = [],  # noqa: B006
    seeds: Annotated[str | None, typer.Option(help="32 for 0 to 31, 100-131, 7-7 for seed 7.")] = None,
    out: Annotated[Path | None, typer.Option(help="Results folder; results/<suite> by default.")] = None,
    jobs: Annotated[int | None, typer.Option(help="Worker processes, one a core by default; 0: in this one.")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds an attempt may take; 300 by default.")] = None,
    budget: Annotated[float | None, typer.Option(help="Cost units a replicate may spend.")] = None,
    precision: Annotated[str | None, typer.Option(help="float64 or float32.")] = None,
    plugin: Plugins = [],  # noqa: B006
    salt: Annotated[str, typer.Option(help="A secret mixed into every truth.")] = "",
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run failed rows again.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Move an existing folder aside and start anew.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would run, and run nothing.")] = False,
    against: Annotated[
        Path | None, typer.Option(help="A results folder: run on its tasks and seeds, show both together.")
    ] = None,
    save_solutions: Annotated[
        bool, typer.Option("--save-solutions", help="Keep each row's parameters in OUT/solutions.")
    ] = False,
) -> None:
    """Run a benchmark, or go on with one: the same command again resumes."""
    from indmech_bench.harness import benchmark, planning

    chosen: dict[str, Any] = {
        "suite": suite,
        "tasks": task,
        "methods": method,
        "settings": settings,
        "seeds": seeds,
        "out": out,
        "timeout": timeout,
        "budget": budget,
        "precision": precision,
        "plugins": plugin,
        "salt": salt,
    }
    options: dict[str, Any] = {
        "jobs": jobs,
        "retry_failed": retry_failed,
        "fresh": fresh,
        "save_solutions": save_solutions,
        "command": ["indmech-bench", *sys.argv[1:]],
    }
    if against is not None:
        _run_against(against, chosen, options, dry_run)
    if dry_run:
        show("\n".join(planning.dry_run_lines(planning.plan(**chosen))))
        return
    _ended(benchmark.run(**chosen, **options), save_solutions)


def _run_against(folder: Path, chosen: dict[str, Any], options: dict[str, Any], dry_run: bool) -> NoReturn:
    from indmech_bench.analysis.ranking import ranking
    from indmech_bench.harness import against, planning

    for name in ("suite", "tasks", "seeds", "budget", "precision", "salt"):
        given = chosen.pop(name)
        if given:
            word = "the suite" if name == "suite" else f"--{name.removesuffix('s') if name == 'tasks' else name}"
            raise InputError(f"--against takes it from '{folder}': leave out {word}.")
    if dry_run:
        timeout = chosen.pop("timeout")
        plans = [planning.plan(**part, timeout=timeout) for part in against.plans_against(folder, **chosen)]
        show("\n".join(line for one in plans for line in planning.dry_run_lines(one)))
        raise typer.Exit
    report = against.run_against(folder, **chosen, **options)
    show(str(ranking.leaderboard(folder, beside=[report.folder])))
    _ended(report, options["save_solutions"])


def _ended(report: Any, save_solutions: bool) -> NoReturn:
    """Say how a run ended, and end with it."""
    if save_solutions:
        from indmech_bench.results.folder import read_folder
        from indmech_bench.results.parameter_files import missing_solutions

        missing = missing_solutions(report.folder, read_folder(report.folder))
        if missing:
            print(f"{missing} rows were made before without their solutions; --fresh makes them", file=sys.stderr)
    if report.resumed:
        show(f"{report.resumed} rows were there already")
    if report.failed:
        print(f"see: indmech-bench status {report.folder} --failures", file=sys.stderr)
    show(str(report))
    raise typer.Exit(1 if report.failed else 0)


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
    """Choose a method's settings for a task on tuning seeds, for run --settings: the same command again resumes."""
    from indmech_bench.harness.tuning import tuning
    from indmech_bench.text.writing import write

    made = tuning.tune(
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
    show(write(made.document, form))
    if made.chosen is None:
        failed = f"every candidate failed on half of the seeds or more, so nothing was written; {made.reason}"
        raise typer.Exit(say(f"{failed}; see: indmech-bench status {made.folder} --failures", 1))

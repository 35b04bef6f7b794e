"""The command line: every verb is a thin layer over one public function."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from indmech_bench.errors import InputError

app = typer.Typer(
    name="indmech-bench",
    help="A benchmark suite for independence of mechanisms in generative models.",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
)

INTERRUPTED = 130

Plugins = Annotated[list[Path], typer.Option("--plugin", help="A file that registers methods or tasks; repeatable.")]


def _version(show: bool) -> None:
    if show:
        from indmech_bench.provenance import package_version

        _show(f"indmech-bench {package_version()}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    pass


@app.command("list")
def list_(
    kind: Annotated[str, typer.Argument(help="tasks, methods, references, metrics or suites")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    plugin: Plugins = [],  # noqa: B006
) -> None:
    """List what is registered."""
    from indmech_bench import descriptions
    from indmech_bench.catalogue import Catalogue

    records = descriptions.listing(kind, Catalogue.read(plugin))
    _show(descriptions.listing_json(records) if as_json else descriptions.listing_text(records))


@app.command()
def describe(
    name: Annotated[str, typer.Argument(help="a task, method, reference, metric or suite")],
    plugin: Plugins = [],  # noqa: B006
) -> None:
    """Say all that is known of one name: what it does, its settings, defaults and ranges."""
    from indmech_bench import descriptions
    from indmech_bench.catalogue import Catalogue

    _show(descriptions.describe_text(name, Catalogue.read(plugin)))


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
    from indmech_bench import harness

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
        _show("\n".join(harness.dry_run_lines(harness.plan(**chosen))))
        return
    _ended(harness.run(**chosen, **options), save_solutions)


def _run_against(folder: Path, chosen: dict[str, Any], options: dict[str, Any], dry_run: bool) -> NoReturn:
    from indmech_bench import against, harness, ranking

    for name in ("suite", "tasks", "seeds", "budget", "precision", "salt"):
        given = chosen.pop(name)
        if given:
            word = "the suite" if name == "suite" else f"--{name.removesuffix('s') if name == 'tasks' else name}"
            raise InputError(f"--against takes it from '{folder}': leave out {word}.")
    if dry_run:
        timeout = chosen.pop("timeout")
        plans = [harness.plan(**part, timeout=timeout) for part in against.plans_against(folder, **chosen)]
        _show("\n".join(line for one in plans for line in harness.dry_run_lines(one)))
        raise typer.Exit
    report = against.run_against(folder, **chosen, **options)
    _show(str(ranking.leaderboard(folder, beside=[report.folder])))
    _ended(report, options["save_solutions"])


def _ended(report: Any, save_solutions: bool) -> NoReturn:
    """Say how a run ended, and end with it."""
    if save_solutions:
        from indmech_bench.results import read_folder
        from indmech_bench.solutions import missing_solutions

        missing = missing_solutions(report.folder, read_folder(report.folder))
        if missing:
            print(f"{missing} rows were made before without their solutions; --fresh makes them", file=sys.stderr)
    if report.resumed:
        _show(f"{report.resumed} rows were there already")
    if report.failed:
        print(f"see: indmech-bench status {report.folder} --failures", file=sys.stderr)
    _show(str(report))
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
) -> None:
    """Choose a method's settings for a task on tuning seeds, for run --settings: the same command again resumes."""
    from indmech_bench import tuning

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
    _show(str(made))
    if made.chosen is None:
        failed = f"every candidate failed on half of the seeds or more, so nothing was written; {made.reason}"
        raise typer.Exit(_say(f"{failed}; see: indmech-bench status {made.folder} --failures", 1))
    _show(f"\n* chosen, written to {made.file}; use it with: indmech-bench run --settings {made.file}")


@app.command()
def status(
    folder: Annotated[Path, typer.Argument(help="a results folder")],
    why: Annotated[bool, typer.Option("--why", help="What today's code would run again, and why.")] = False,
    failures: Annotated[bool, typer.Option("--failures", help="Every row that is not ok, with its reason.")] = False,
    plugin: Plugins = [],  # noqa: B006
) -> None:
    """Show what a results folder holds."""
    from indmech_bench.inspection import status_lines

    _show("\n".join(status_lines(folder, why=why, failures=failures, plugins=plugin)))


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
    from indmech_bench import ranking, tables

    if standings:
        _standings(folder, family, form, alone=group_by is None and metric == "extrapolation_error")
        return
    tables.check_format(form)
    _show(tables.render(ranking.leaderboards(folder, metric=metric, family=family, group_by=group_by), form))


def _standings(folder: Path, family: str | None, form: str, *, alone: bool) -> None:
    from indmech_bench import rivalry, tables

    if not alone:
        raise InputError("--standings is by the extrapolation error and by family: it takes no --metric or --group-by.")
    tables.check_format(form, ("table", "md"))
    sections = [
        section for one in rivalry.rivalries(folder, family=family) for section in rivalry.rivalry_sections(one)
    ]
    _show("\n\n".join((tables.markdown_table if form == "md" else tables.text_table)(one) for one in sections))


@app.command()
def drift(
    folder: Annotated[Path, typer.Argument(help="a results folder with a task that starts at the truth")],
) -> None:
    """Say whether training leaves the truth: log rho, fit and e against the step."""
    from indmech_bench.drifting import drift_lines

    _show("\n".join(drift_lines(folder)))


@app.command("export-observations")
def export_observations(
    task: Annotated[str, typer.Argument(help="name:setting=value,...")],
    seeds: Annotated[str, typer.Option(help="32 for 0 to 31, 100-131, 7-7 for seed 7.")],
    out: Annotated[Path, typer.Option(help="An empty folder or none.")],
    plugin: Plugins = [],  # noqa: B006
) -> None:
    """Write what a method sees of each seed, for code that is not Python: an .npz a seed, a .json about them."""
    from indmech_bench import external

    about, files = external.export_observations(task, seeds=seeds, out=out, plugins=plugin)
    _show(f"{about}: {len(files)} observations beside it")


@app.command()
def score(
    file: Annotated[Path, typer.Argument(help="an .npz with an array for each parameter")],
    task: Annotated[str, typer.Option(help="name:setting=value,...")],
    seed: Annotated[int, typer.Option(help="The seed whose observation was fitted.")],
    name: Annotated[str, typer.Option(help="The row's method is external-NAME.")] = "",
    out: Annotated[Path | None, typer.Option(help="Keep the row in this results folder.")] = None,
    plugin: Plugins = [],  # noqa: B006
) -> None:
    """Score parameters that were found elsewhere, in the scale of the exported observation."""
    from indmech_bench import external

    row = external.score_file(
        file, task=task, seed=seed, name=name, out=out, plugins=plugin, command=["indmech-bench", *sys.argv[1:]]
    )
    _show(external.row_text(row))
    raise typer.Exit(0 if row["status"] == "ok" else 1)


@app.command("new-method")
def new_method(
    name: Annotated[str, typer.Argument(help="lower-case letters, digits and '-'")],
    folder: Annotated[Path | None, typer.Option("--dir", help="An empty folder or none; ./NAME by default.")] = None,
) -> None:
    """Write a package with a method of this name that works at once: change it into yours."""
    _new("method", name, folder)


@app.command("new-task")
def new_task(
    name: Annotated[str, typer.Argument(help="lower-case letters, digits and '-'")],
    folder: Annotated[Path | None, typer.Option("--dir", help="An empty folder or none; ./NAME by default.")] = None,
) -> None:
    """Write a package with a task of this name, a family of SCMs with a prior of its own: change it into yours."""
    _new("task", name, folder)


def _new(kind: str, name: str, folder: Path | None) -> None:
    from indmech_bench.scaffolding import new_package

    written = new_package(kind, name, folder)
    module = next(path for path in written if path.suffix == ".py")
    _show("\n".join([*map(str, written), f"now: indmech-bench check-{kind} {module}"]))


@app.command("check-method")
def check_method(
    name: Annotated[str, typer.Argument(help="name:setting=value,... or a FILE.py")],
    task: Annotated[list[str], typer.Option("--task", help="Where it is tried; repeatable.")] = [],  # noqa: B006
    plugin: Plugins = [],  # noqa: B006
) -> None:
    """Check that a method's rows can be trusted: seeds, batches, budget, random numbers, shapes."""
    from indmech_bench import testing

    _show_findings(testing.check_method(name, tasks=task, plugins=plugin))


@app.command("check-task")
def check_task(
    name: Annotated[str, typer.Argument(help="name:setting=value,... or a FILE.py")],
    plugin: Plugins = [],  # noqa: B006
) -> None:
    """Check that a task can be scored: truths of their seeds alone, oracle at e = 0, rho as its laws give it."""
    from indmech_bench import testing

    _show_findings(testing.check_task(name, plugins=plugin))


def _show_findings(findings: list[Any]) -> None:
    from indmech_bench.conformance.findings import written

    _show("\n".join(written(findings)))
    raise typer.Exit(0 if all(finding.passed for finding in findings) else 1)


@app.command()
def compare(
    a: Annotated[Path, typer.Argument(help="a results folder: before")],
    b: Annotated[Path, typer.Argument(help="a results folder: after")],
    form: Annotated[str, typer.Option("--format", help="table, md, csv or json.")] = "table",
    fail_on_regression: Annotated[
        bool, typer.Option("--fail-on-regression", help="Exit 1 when B is significantly worse, or fails more.")
    ] = False,
) -> None:
    """Compare two results folders: what differs, and whether it makes a difference."""
    from indmech_bench import comparison, comparison_tables, tables

    tables.check_format(form, comparison_tables.FORMATS)
    made = comparison.compare(a, b)
    _show(comparison_tables.render(made, form))
    raise typer.Exit(1 if fail_on_regression and made.regressed else 0)


@app.command()
def merge(
    folders: Annotated[list[Path], typer.Argument(help="two results folders or more")],
    out: Annotated[Path, typer.Option(help="The new folder; it must not exist.")],
) -> None:
    """Make one results folder of several, which are left as they are."""
    from indmech_bench import merging

    _show("\n".join(merging.merge(folders, out=out).sentences))


@app.command()
def versus(
    folder: Annotated[Path, typer.Argument(help="a results folder")],
    method: Annotated[str, typer.Argument(help="a method or reference in it, as tables name it")],
    family: Annotated[str | None, typer.Option(help="Only the tasks of this family.")] = None,
    form: Annotated[str, typer.Option("--format", help="table, md, csv or json.")] = "table",
) -> None:
    """Compare every method of a results folder with one of them, seed by seed."""
    from indmech_bench import pairing_tables, pairings

    _show(pairing_tables.render_versus(pairings.versus(folder, method, family=family), form))


@app.command()
def winners(
    folder: Annotated[Path, typer.Argument(help="a results folder")],
    family: Annotated[str | None, typer.Option(help="Only the tasks of this family.")] = None,
    form: Annotated[str, typer.Option("--format", help="table, md, csv or json.")] = "table",
) -> None:
    """Show which group of methods wins each task, and whether it beats the simplest predictors."""
    from indmech_bench import pairing_tables, pairings

    _show(pairing_tables.render_winners(pairings.winners(folder, family=family), form))


def main() -> None:
    """The command `indmech-bench`. Exit 0, 1 when a row failed, 2 for bad input, 130 when interrupted."""
    sys.exit(_guarded(lambda: app(standalone_mode=False, prog_name="indmech-bench")))


def _guarded(command: Callable[[], Any]) -> int:
    from typer.exceptions import TyperException

    warnings.showwarning = lambda message, *_, **__: print(f"warning: {message}", file=sys.stderr)
    if sys.stdout is None:
        return _say("standard output is closed: nothing could be shown, so nothing was done.")
    try:
        code = command()
        if code == INTERRUPTED:  # what typer makes of Ctrl-C
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except InputError as error:
        return _say(str(error))
    except TyperException as error:
        return _say(f"{error.format_message().rstrip('.')}; see indmech-bench --help.")
    except KeyboardInterrupt:
        return _say("interrupted; what is finished is kept, and the same command goes on from there.", INTERRUPTED)


def _show(text: str) -> None:
    """Print to standard output. Raises InputError when nobody reads it any more."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # keep Python from failing again when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise InputError("standard output was closed before all was written.") from None


def _say(sentence: str, code: int = 2) -> int:
    if sys.stderr is not None:
        print(f"indmech-bench: {sentence}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()

"""A newcomer beside results that exist: run on what another folder holds, its rows kept apart (`run --against`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from indmech_bench.errors import InputError
from indmech_bench.harness.batches import TUNING_FROM
from indmech_bench.harness.benchmark import Report, run_plans
from indmech_bench.harness.options import RunOptions, said_of_options, takes_run_options
from indmech_bench.harness.planning import Plan, planned
from indmech_bench.harness.suites.defaults import configured, folder_for
from indmech_bench.harness.tuning.settings_file import Tuned, read_tuned
from indmech_bench.registry.catalogue import Catalogue, read_plugin
from indmech_bench.registry.identity import ENGINE, EXTERNAL
from indmech_bench.registry.notation import Named, label
from indmech_bench.registry.registration import resolve
from indmech_bench.results.current import newest
from indmech_bench.results.folder import existing_folder, read_folder
from indmech_bench.results.row_fields import Row

OF_THE_FOLDER = ("suite", "tasks", "seeds", "budget", "precision", "training", "salt")
"""Options that the folder decides."""


@takes_run_options(without=(*OF_THE_FOLDER, "with_references"))
def run_against(folder: str | Path, **options: Any) -> Report:
    """Run methods on the tasks, seeds, budgets, precisions and ways of training of a folder, which is not changed.

    The methods are by default those of the settings files, or those of the plugins; the rows go into `results/<method>`
    by default; references are not run again. Raises InputError.
    """
    return run_plans(plans_against(folder, RunOptions.of(**options)))


def plans_against(folder: str | Path, options: RunOptions) -> list[Plan]:
    """What is to be run: a plan for all tasks that share the same conditions. Raises InputError."""
    place = existing_folder(folder)
    for name in OF_THE_FOLDER:
        if getattr(options, name):
            flag = "the suite" if name == "suite" else said_of_options()[name].flag
            raise InputError(f"--against takes it from '{folder}': leave out {flag}.")
    options = replace(configured(options), **{name: getattr(options, name) for name in OF_THE_FOLDER})
    catalogue = Catalogue.read(map(Path, options.plugins))
    tuned = [read_tuned(path, catalogue) for path in options.settings]
    methods = list(options.methods) or ([] if tuned else _of_plugins(options))
    if not (methods or tuned):
        raise InputError("--against needs the newcomer: give --method NAME, --settings FILE or --plugin FILE.py.")
    names = dict.fromkeys([*(text.partition(":")[0] for text in methods), *(file.method.name for file in tuned)])
    target = folder_for(options, "+".join(names))
    if target.resolve() == place.resolve():
        raise InputError(f"--out '{target}' is the folder to run against, which stays as it is: give another.")
    rows = newest(read_folder(place))[0]
    if not rows:
        raise InputError(f"'{place}' holds no rows yet.")
    parts = _by_conditions(place, rows, catalogue)
    _check_settings(place, tuned, parts.values())
    plans: list[Plan] = []
    for (seeds, budget, precision, training), tasks in parts.items():
        files = [file.path for file in tuned if file.task.label in tasks]
        if not (methods or files):
            continue
        part = replace(
            options,
            tasks=tasks,
            methods=methods,
            settings=files,
            seeds=seeds,
            budget=budget,
            precision=precision,
            training=training,
            out=target,
            with_references=False,
            fresh=options.fresh and not plans,  # the parts share the folder
        )
        plans.append(planned(part))
    return plans


def _of_plugins(options: RunOptions) -> list[str]:
    """The methods that the plugins register."""
    entries = [entry for path in options.plugins for entry in read_plugin(Path(path))]
    return [entry.name for entry in entries if entry.kind == "method"]


def _check_settings(folder: Path, tuned: Sequence[Tuned], tasks: Iterable[Sequence[str]]) -> None:
    """Raises InputError for a settings file of a task that the folder has no rows of."""
    known = {task for some in tasks for task in some}
    for file in tuned:
        if file.task.label not in known:
            raise InputError(
                f"settings file '{file.path}' is for task '{file.task.label}', of which '{folder}' has no rows."
            )


def tables_against(folder: str | Path, report: Report) -> str:
    """The leaderboard of the folder's rows and the newcomer's together."""
    from indmech_bench.analysis.ranking.ranking import leaderboard  # plans need no statistics

    return str(leaderboard(folder, beside=[report.folder]))


Conditions = tuple[str, float | None, str, str]
"""Seeds as `first-last`, budget, precision, way of training."""


def _by_conditions(folder: Path, rows: Sequence[Row], catalogue: Catalogue) -> dict[Conditions, list[str]]:
    """Tasks by what they were run with; seeds with gaps make several parts."""
    if any(row["salt"] for row in rows):
        raise InputError(f"'{folder}' has a salt, of which a folder keeps only a digest: run all methods with it anew.")
    methods = [row for row in rows if not row["reference"] and row["source"] != EXTERNAL] or list(rows)
    seeds: dict[Conditions, set[int]] = {}
    for row in methods:
        task = label(row["task"], row["task_settings"], catalogue.find("task", row["task"]).defaults)
        _check(row, resolve(catalogue, "task", task), folder)
        seeds.setdefault((task, row["budget"], row["precision"], row["training"]), set()).add(row["seed"])
    parts: dict[Conditions, list[str]] = {}
    for (task, budget, precision, training), numbers in seeds.items():
        for span in _spans(sorted(numbers)):
            parts.setdefault((span, budget, precision, training), []).append(task)
    return parts


def _spans(seeds: Sequence[int]) -> Iterator[str]:
    """`first-last` of each stretch without a gap; scored and tuning seeds never touch."""
    first = seeds[0]
    for seed, following in zip(seeds, [*seeds[1:], None], strict=True):
        if following != seed + 1 or following == TUNING_FROM:
            yield f"{first}-{seed}"
            first = following if following is not None else seed


def _check(row: Row, task: Named, folder: Path) -> None:
    """Raises InputError where today's code would draw another truth than a row's, or score it in another way."""
    if row["engine"] != ENGINE:
        why = f"was made by engine {row['engine']}, today's is {ENGINE}"
    elif row["task_version"] != task.entry.version:
        why = f"has version {row['task_version']} of {task.name}, today's is {task.entry.version}"
    elif row["task_settings"] != task.settings:
        why = f"has other settings of {task.name} than today's"
    else:
        return
    raise InputError(f"'{folder}' {why}: run its methods anew.")

"""A newcomer beside results that exist: run on what another folder holds, its rows kept apart (`run --against`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from indmech_bench.errors import InputError
from indmech_bench.harness.batches import TUNING_FROM
from indmech_bench.harness.benchmark import Report, run
from indmech_bench.harness.planning import plan
from indmech_bench.registry.catalogue import Catalogue, read_plugin
from indmech_bench.registry.identity import ENGINE, EXTERNAL
from indmech_bench.registry.notation import Named, label
from indmech_bench.registry.registration import resolve
from indmech_bench.results.current import newest
from indmech_bench.results.folder import existing_folder, read_folder
from indmech_bench.results.row_fields import Row


def run_against(
    folder: str | Path,
    *,
    methods: Sequence[str] = (),
    out: str | Path | None = None,
    plugins: Sequence[str | Path] = (),
    timeout: float | None = None,
    fresh: bool = False,
    **options: Any,
) -> Report:
    """Run methods on the tasks, seeds, budgets and precisions of the rows in `folder`, which is not changed.

    methods: by default those of the plugins. out: where the rows go, `results/<method>` by default; references are
    not run again. options: jobs, save_solutions, retry_failed, command of `harness.run`. Raises InputError.
    """
    parts = plans_against(folder, methods=methods, out=out, plugins=plugins)
    total = None
    for part in parts:
        report = run(**part, timeout=timeout, fresh=fresh and total is None, **options)
        total = (
            report
            if total is None
            else replace(
                report,
                ok=total.ok + report.ok,
                failed=total.failed + report.failed,
                skipped=total.skipped + report.skipped,
                resumed=total.resumed + report.resumed,
            )
        )
    assert total is not None
    return total


def plans_against(
    folder: str | Path,
    *,
    methods: Sequence[str] = (),
    out: str | Path | None = None,
    plugins: Sequence[str | Path] = (),
) -> list[dict[str, Any]]:
    """The arguments of `run`, one set for all tasks that share seeds, budget and precision. Raises InputError."""
    place = existing_folder(folder)
    listed = list(methods) or [
        entry.name for path in plugins for entry in read_plugin(Path(path)) if entry.kind == "method"
    ]
    if not listed:
        raise InputError("--against needs the newcomer: give --method NAME or --plugin FILE.py.")
    target = Path(out) if out else Path("results") / "+".join(dict.fromkeys(m.partition(":")[0] for m in listed))
    if target.resolve() == place.resolve():
        raise InputError(f"--out '{target}' is the folder to run against, which stays as it is: give another.")
    rows = newest(read_folder(place))[0]
    if not rows:
        raise InputError(f"'{place}' holds no rows yet.")
    catalogue = Catalogue.read(map(Path, plugins))
    parts: list[dict[str, Any]] = [
        {
            "tasks": tasks,
            "methods": listed,
            "seeds": seeds,
            "budget": budget,
            "precision": precision,
            "out": target,
            "plugins": plugins,
            "with_references": False,
        }
        for (seeds, budget, precision), tasks in _by_conditions(place, rows, catalogue).items()
    ]
    for part in parts:
        plan(**part)
    return parts


Conditions = tuple[str, float | None, str]
"""Seeds as `first-last`, budget, precision."""


def _by_conditions(folder: Path, rows: Sequence[Row], catalogue: Catalogue) -> dict[Conditions, list[str]]:
    """Tasks by what they were run with; seeds with gaps make several parts."""
    if any(row["salt"] for row in rows):
        raise InputError(f"'{folder}' has a salt, of which a folder keeps only a digest: run all methods with it anew.")
    methods = [row for row in rows if not row["reference"] and row["source"] != EXTERNAL] or list(rows)
    seeds: dict[tuple[str, float | None, str], set[int]] = {}
    for row in methods:
        task = label(row["task"], row["task_settings"], catalogue.find("task", row["task"]).defaults)
        _check(row, resolve(catalogue, "task", task), folder)
        seeds.setdefault((task, row["budget"], row["precision"]), set()).add(row["seed"])
    parts: dict[Conditions, list[str]] = {}
    for (task, budget, precision), own in seeds.items():
        for span in _spans(sorted(own)):
            parts.setdefault((span, budget, precision), []).append(task)
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

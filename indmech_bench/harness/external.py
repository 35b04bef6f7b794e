"""Parameters found elsewhere (in JAX, Julia, R): export what a method would see, score what comes back.

And what is true, to be looked at.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from indmech_bench.errors import InputError, TruthNotFoundError, UnsupportedError
from indmech_bench.harness.cells import Cell
from indmech_bench.harness.replicates import draw_truth, pose_problem
from indmech_bench.harness.suites.seeds import read_seeds
from indmech_bench.harness.workers.messages import Outcome, result_of
from indmech_bench.problem.engine.kernels.compiling import PLAIN
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import NAME, Entry
from indmech_bench.registry.identity import EXTERNAL
from indmech_bench.registry.notation import Named
from indmech_bench.registry.registration import build, resolve
from indmech_bench.results.files import cannot_write
from indmech_bench.results.folder import writing
from indmech_bench.results.parameter_files import read_arrays, write_arrays
from indmech_bench.results.provenance import about_tasks, new_run_id, provenance
from indmech_bench.results.row_fields import Row, field_of
from indmech_bench.results.row_lines import with_check
from indmech_bench.results.statuses import Status
from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column, Kind, Table

ABOUT = "observation.json"


def export_observations(
    task: str, *, seeds: str, out: str | Path, salt: str = "", plugins: Sequence[str | Path] = ()
) -> tuple[Path, list[Path]]:
    """Write what a method sees of each seed of a task into an empty folder.

    Returns `observation.json` (kind of observation, shapes, mechanisms, size) and one `seed-S.npz` a seed with
    `observations` of mean power 1 and, as `start.NAME`, the start that all methods of the suite share. Raises
    InputError.

    Args:
        task: as `name:setting=value,...`.
        seeds: `32` for 0 to 31, or a range such as `100-131`.
        out: the folder, which is made where it does not exist.
        salt: the secret that a run mixed into its truths, if it did.
        plugins: files that register tasks.
    """
    named = resolve(Catalogue.read(map(Path, plugins)), "task", task)
    numbers, folder = read_seeds(seeds), Path(out)
    live = build(named)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"'{folder}' is there already and not an empty folder: give another --out.")
    files = []
    for seed in numbers:
        problem = _posed(_cell(named, EXTERNAL, salt), live, seed)
        arrays = {"observations": problem.observations[0].numpy()}
        arrays |= {f"start.{name}": value[0].numpy() for name, value in problem.start().items()}
        files.append(folder / f"seed-{seed}.npz")
        write_arrays(files[-1], arrays)
    about = {**about_observation(named), "seeds": numbers}
    try:
        (folder / ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder / ABOUT, files


def export_truths(
    task: str, path: str | Path, *, seeds: str, salt: str = "", plugins: Sequence[str | Path] = ()
) -> Path:
    """Write the truths of a task's seeds into one new .npz: the answer sheet, for looking at, never for a method.

    Arrays, seeds first: `seeds` (R,); `truth.NAME` (R, ...), the parameter NAME as the task draws it, with an output of
    mean power 1; `fact.NAME` (R,), what rows keep of a truth, NaN where it has no number. Returns the file. Raises
    InputError, also where the file is there already.

    Args:
        task: as `name:setting=value,...`.
        path: the file, FILE.npz.
        seeds: `32` for 0 to 31, or a range such as `100-131`.
        salt: the secret that a run mixed into its truths, if it did.
        plugins: files that register tasks.
    """
    import numpy as np
    import torch

    named = resolve(Catalogue.read(map(Path, plugins)), "task", task)
    numbers, file = read_seeds(seeds), Path(path)
    live, cell = build(named), _cell(named, EXTERNAL, salt)
    if file.suffix != ".npz":
        raise InputError(f"'{file}' must end with .npz.")
    if file.exists():
        raise InputError(f"'{file}' is there already: give another file.")
    with _as_input():
        truths = [draw_truth(cell.job([seed], ()), live) for seed in numbers]
    facts = [{name: values[0] for name, values in live.facts(truth).items()} for truth in truths]
    arrays: dict[str, Any] = {"seeds": numbers}
    for name in truths[0].parameters:
        arrays[f"truth.{name}"] = torch.cat([truth.parameters[name] for truth in truths]).numpy()
    for name in facts[0]:
        arrays[f"fact.{name}"] = [np.nan if each[name] is None else each[name] for each in facts]
    write_arrays(file, arrays, packed=True)
    return file


def about_observation(task: Named) -> dict[str, Any]:
    """What a method sees of any seed of a task: kind of observation, shapes, mechanisms, size. Raises InputError."""
    live = build(task)
    problem = _posed(_cell(task, EXTERNAL), live, 0)
    return {
        "task": task.label,
        "task_settings": task.settings,
        "task_version": task.entry.version,
        "kind": problem.kind,
        "shape": list(problem.observations.shape[1:]),
        "samples": problem.samples,
        "n": getattr(live.model, "n", getattr(live.model, "d", None)),
        "parameters": {name: list(shape) for name, shape in problem.shapes.items()},
        "mechanisms": {name: list(parts) for name, parts in problem.mechanisms.items()},
    }


def score_file(
    path: str | Path,
    *,
    task: str,
    seed: int,
    name: str = "",
    out: str | Path | None = None,
    salt: str = "",
    plugins: Sequence[str | Path] = (),
    command: Sequence[str] = (),
) -> Row:
    """Score the parameters in an .npz, in the scale of the exported observation, against the truth of a seed.

    Returns the row, whose source is `external`, cost and seconds not known. Raises InputError, also where the folder
    has that row with other metrics.

    Args:
        path: the file, an array for each parameter.
        task: as `name:setting=value,...`.
        seed: whose observation was fitted.
        name: the row's method is `external-NAME`.
        out: a results folder that the row is kept in; needs `name`.
        salt: that the observation was exported with, if it was.
        plugins: files that register tasks.
        command: what the manifest says that this was started by.
    """
    catalogue = Catalogue.read(map(Path, plugins))
    named = resolve(catalogue, "task", task)
    read_seeds(f"{seed}-{seed}")
    if out is not None and not name:
        raise InputError("--out needs --name LABEL: the row's method is external-LABEL.")
    method = f"{EXTERNAL}-{name or 'file'}"
    if not NAME.fullmatch(method) or any(method == entry.name for entry in catalogue.of_kind("method")):
        raise InputError(f"--name '{name}' gives no free method name: letters, digits, '-', '_' and '.', not taken.")
    cell = _cell(named, method, salt)
    outcome = _scored(cell, build(named), Path(path), seed)
    run_id = new_run_id()
    row: Row = {
        "key": cell.keys([seed])[seed],
        "run": run_id,
        **cell.identity,
        **result_of(outcome),
        "cost": None,
        "seconds": None,
    }
    row = with_check(row)
    if out is not None:
        _keep(row, Path(out), named, command)
    return row


def _cell(task: Named, method: str, salt: str = "") -> Cell:
    return Cell(task, Named(Entry("method", method, EXTERNAL, Path())), salt, None, "float64", PLAIN, EXTERNAL)


def _posed(cell: Cell, live: Any, seed: int) -> Any:
    with _as_input():
        return pose_problem(cell.job([seed], ()), live)


@contextlib.contextmanager
def _as_input() -> Iterator[None]:
    """A truth that cannot be drawn, on this machine or at all, is an InputError."""
    try:
        yield
    except (UnsupportedError, TruthNotFoundError) as error:
        raise InputError(f"{str(error).rstrip('.')}.") from None


def _scored(cell: Cell, live: Any, path: Path, seed: int) -> Outcome:
    import torch

    from indmech_bench.harness.replicates import score_solution as scored

    problem, default = _posed(cell, live, seed), torch.get_default_dtype()
    arrays = read_arrays(path, problem.shapes)
    solution = problem.solution({name: torch.from_numpy(value)[None] for name, value in arrays.items()})
    try:
        (outcome,) = scored(cell.job([seed], ()), live, problem, solution, 0.0)
    finally:
        torch.set_default_dtype(default)
    return outcome


def _keep(row: Row, folder: Path, task: Named, command: Sequence[str]) -> None:
    with writing(folder) as writer:
        before = writer.rows.get(row["key"])
        if before is not None and (before["status"], before["metrics"]) == (row["status"], row["metrics"]):
            return
        if before is not None:
            raise InputError(
                f"'{folder}' has another result of {row['method']} for {task.label}, seed {row['seed']}: "
                f"it stays; give another --name."
            )
        entry = {
            **provenance(command),
            "tasks": [task.label],
            **about_tasks([task]),
            "methods": [row["method"]],
            "sources": {},
            "seeds": [row["seed"], row["seed"]],
        }
        writer.record(row["run"], entry)
        writer.append([row])


METRICS: tuple[Column[tuple[str, float]], ...] = (
    Column("metric", "metric", lambda item: item[0], kind=Kind.NAME),
    Column("value", "value", lambda item: item[1], lambda value: f"{value:.6g}"),
)


def document_of(row: Row) -> Document:
    """The metrics of a row, a line each; its status where there are none."""
    metrics = tuple((name, value) for name, value in row["metrics"].items() if value is not None)
    facts = {name: field_of(row, name) for name in ("task", "method", "seed", "status", "reason")}
    notes = () if row["status"] == Status.OK else (f"{row['status']}: {row['reason']}",)
    section = Section("", (Table("", METRICS, metrics),), facts)
    return Document(f"Score on {row['task']}, seed {row['seed']}", (section,), notes)

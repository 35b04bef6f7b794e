"""Scores of parameters that other code has found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from indmech_bench.errors import InputError
from indmech_bench.harness.cells import Cell
from indmech_bench.harness.external.posing import external_cell, posed
from indmech_bench.harness.suites.seeds import read_seeds
from indmech_bench.harness.workers.messages import Outcome, result_of
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import NAME
from indmech_bench.registry.identity import EXTERNAL
from indmech_bench.registry.notation import Named
from indmech_bench.registry.registration import build, resolve
from indmech_bench.results.folder import writing
from indmech_bench.results.parameter_files import read_arrays
from indmech_bench.results.provenance import about_tasks, new_run_id, provenance
from indmech_bench.results.row_fields import Row, field_of
from indmech_bench.results.row_lines import with_check
from indmech_bench.results.statuses import Status
from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column, Kind, Table


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
    cell = external_cell(named, method, salt)
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


def _scored(cell: Cell, live: Any, path: Path, seed: int) -> Outcome:
    import torch

    from indmech_bench.harness.replicates import score_solution as scored

    problem, default = posed(cell, live, seed), torch.get_default_dtype()
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

"""What a method would see, and what is true, as files for other code and to be looked at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from indmech_bench.errors import InputError
from indmech_bench.harness.external.posing import as_input, external_cell, posed
from indmech_bench.harness.replicates import draw_truth
from indmech_bench.harness.suites.seeds import read_seeds
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.identity import EXTERNAL
from indmech_bench.registry.notation import Named
from indmech_bench.registry.registration import build, resolve
from indmech_bench.results.files import cannot_write
from indmech_bench.results.parameter_files import write_arrays

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
        problem = posed(external_cell(named, EXTERNAL, salt), live, seed)
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
    live, cell = build(named), external_cell(named, EXTERNAL, salt)
    if file.suffix != ".npz":
        raise InputError(f"'{file}' must end with .npz.")
    if file.exists():
        raise InputError(f"'{file}' is there already: give another file.")
    with as_input():
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
    problem = posed(external_cell(task, EXTERNAL), live, 0)
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

"""Parameters as files: one .npz a row, an array a parameter, in the scale of the observation, numbers alone."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indmech_bench.errors import InputError
from indmech_bench.results.folder import cannot_write
from indmech_bench.results.statuses import Status

SOLUTIONS = "solutions"
CURVES = "curves"
Arrays = dict[str, NDArray[np.float64]]


def solution_path(folder: Path, task: str, method: str, key: str) -> Path:
    """Where a row's parameters are kept.

    Args:
        folder: the results folder.
        task: the name of the row's task.
        method: the name of its method.
        key: the row's key.
    """
    return folder / SOLUTIONS / task / method / f"{key}.npz"


def picture_path(folder: Path, task: str, method: str, key: str) -> Path:
    """Where the pictures of a row are kept, one array (faces, h, w) for `observed` and each intervention.

    Args:
        folder: the results folder.
        task: the name of the row's task.
        method: the name of its method or reference.
        key: the row's key.
    """
    return folder / CURVES / task / method / f"{key}.npz"


def keep_solution(folder: Path, task: str, method: str, key: str, parameters: Mapping[str, Any]) -> None:
    """Write a row's parameters, atomically. Raises InputError when the disk refuses.

    Args:
        folder: the results folder.
        task: the name of the row's task.
        method: the name of its method.
        key: the row's key.
        parameters: name -> array or nested lists, in the scale of the observation.
    """
    write_arrays(solution_path(folder, task, method, key), parameters)


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write named arrays of float64. Raises InputError when the disk refuses."""
    partial = path.with_suffix(".partial")
    named: dict[str, Any] = {name: np.asarray(value, dtype=np.float64) for name, value in arrays.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            np.savez(file, **named)
        partial.replace(path)
    except OSError as error:
        raise cannot_write(path.parent, error) from error


def missing_solutions(folder: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """How many rows of methods are ok and have no parameters on disk."""
    kept = [row for row in rows if row["status"] == Status.OK and not row["reference"]]
    return sum(not solution_path(folder, row["task"], row["method"], row["key"]).is_file() for row in kept)


def read_arrays(path: Path, shapes: Mapping[str, Sequence[int]]) -> Arrays:
    """Arrays of these names and shapes, (1, ...) allowed for (...). Raises InputError for anything else."""
    try:
        with np.load(path) as file:
            if not hasattr(file, "files"):
                raise InputError(f"'{path}' holds one array, not an .npz of the parameters {', '.join(shapes)}.")
            found = {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise InputError(f"'{path}' does not exist.") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"'{path}' is no .npz of numbers: {error}.") from None
    if set(found) != set(shapes):
        raise InputError(f"'{path}' holds {', '.join(found) or 'nothing'}; the parameters are {', '.join(shapes)}.")
    arrays: Arrays = {}
    for name, shape in shapes.items():
        value, wanted = found[name], tuple(shape)
        if value.dtype.kind not in "fiu" or value.shape not in (wanted, (1, *wanted)):
            raise InputError(
                f"'{name}' in '{path}' is {value.dtype} of shape {value.shape}, not real numbers of shape {wanted}."
            )
        arrays[name] = value.reshape(wanted).astype(np.float64)
    return arrays

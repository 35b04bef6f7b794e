"""Arrays that are kept beside a row, such as its curves along training: `curves/NAME.npz`, numbers alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from indmech_bench.errors import InputError
from indmech_bench.results.files import row_file_name
from indmech_bench.results.parameter_files import Arrays, read_arrays, shapes_in, write_arrays

CURVES = "curves"
LARGEST = 10_000_000
"""Numbers of a row that are read at most."""


def curves_path(folder: Path, row: Mapping[str, Any]) -> Path:
    """Where the arrays of a row are kept; it is named by the row's task, method, seed and key."""
    return folder / CURVES / f"{row_file_name(row)}.npz"


def keep_curves(folder: Path, row: Mapping[str, Any], arrays: Mapping[str, Any]) -> Path:
    """Write named arrays of float64 of a row, atomically; returns the file. Raises InputError when the disk refuses.

    Args:
        folder: the results folder.
        row: has task, method, seed and key.
        arrays: name -> array or nested lists of numbers, None for what is not finite.
    """
    path = curves_path(folder, row)
    write_arrays(path, arrays)
    return path


def read_curves(folder: Path, row: Mapping[str, Any]) -> Arrays | None:
    """The arrays that are kept of a row; None where there are none. Raises InputError for a file that no run wrote."""
    path = curves_path(folder, row)
    if not path.is_file():
        return None
    return _arrays_in(path)


def without_pictures(arrays: Arrays) -> Arrays:
    """Those of a row's arrays that have one axis: what was measured along training, and solutions."""
    return {name: values for name, values in arrays.items() if values.ndim == 1}


def copy_without_pictures(path: Path, copy: Path) -> None:
    """Copy the arrays of a row but for its pictures; where there are no others, nothing. Errors of `read_curves`."""
    if measured := without_pictures(_arrays_in(path)):
        write_arrays(copy, measured, packed=True)


def _arrays_in(path: Path) -> Arrays:
    shapes = shapes_in(path)
    if sum(math.prod(shape) for shape in shapes.values()) > LARGEST:
        raise InputError(f"'{path}' holds more than the {LARGEST:,} numbers that a run keeps of a row.")
    return read_arrays(path, shapes)

"""Parameters as files: one .npz a row, an array a parameter, in the scale of the observation, numbers alone."""

from __future__ import annotations

import contextlib
import io
import math
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from indmech_bench.errors import InputError
from indmech_bench.results.files import cannot_write, open_regular, write_whole
from indmech_bench.results.statuses import Status
from indmech_bench.text.lines import printable, short

SOLUTIONS = "solutions"
MAGIC = b"\x93NUMPY"
"""What a file of a single array begins with."""
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


def write_arrays(path: Path, arrays: Mapping[str, Any], *, packed: bool = False) -> None:
    """Write named arrays of float64, compressed if asked. Raises InputError when the disk refuses."""
    named: dict[str, Any] = {name: np.asarray(value, dtype=np.float64) for name, value in arrays.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        data = io.BytesIO()
        (np.savez_compressed if packed else np.savez)(data, **named)
        write_whole(path, data.getvalue())
    except OSError as error:
        raise cannot_write(path.parent, error) from error


def missing_solutions(folder: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """How many rows of methods are ok and have no parameters on disk."""
    kept = [row for row in rows if row["status"] == Status.OK and not row["reference"]]
    return sum(not solution_path(folder, row["task"], row["method"], row["key"]).is_file() for row in kept)


def read_arrays(path: Path, shapes: Mapping[str, Sequence[int]]) -> Arrays:
    """Arrays of these names and shapes, (1, ...) allowed for (...). Raises InputError for anything else.

    Names, types, shapes and lengths are compared before any array is read, so that a file takes no more memory than
    these arrays do.
    """
    with _archive(path, shapes) as archive:
        return _read(path, archive, shapes)


def shapes_in(path: Path) -> dict[str, tuple[int, ...]]:
    """Name -> shape of each array of an .npz, from headers alone. Raises InputError for anything else."""
    with _archive(path, ()) as archive:
        shapes = {}
        for info in archive.infolist():
            with archive.open(info) as member:
                shapes[info.filename.removesuffix(".npy")] = _header(member)[0]
        return shapes


@contextlib.contextmanager
def _archive(path: Path, wanted: Iterable[str]) -> Iterator[zipfile.ZipFile]:
    """An .npz that is open. Raises InputError where it, or what is done with it, fails."""
    try:
        with open_regular(path) as file:
            if file.read(len(MAGIC)) == MAGIC:
                raise InputError(f"'{path}' holds one array, not an .npz of the parameters {', '.join(wanted)}.")
            with zipfile.ZipFile(file) as archive:
                yield archive
    except FileNotFoundError:
        raise InputError(f"'{path}' does not exist.") from None
    except InputError:
        raise
    except Exception as error:  # an archive from anywhere has more ways to be broken than can be listed
        said = printable(short(f"{error}" or type(error).__name__, 100))
        raise InputError(f"'{path}' is no .npz of numbers: {said}.") from None


def _read(path: Path, archive: zipfile.ZipFile, shapes: Mapping[str, Sequence[int]]) -> Arrays:
    members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if set(members) != set(shapes) or len(members) != len(archive.infolist()):
        found = printable(short(", ".join(members) or "nothing", 200))
        raise InputError(f"'{path}' holds {found}; the parameters are {', '.join(shapes)}.")
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in members.values()):
        raise InputError(f"'{path}' is packed in a way that numpy does not use.")
    arrays: Arrays = {}
    for name, shape in shapes.items():
        with archive.open(members[name]) as member:
            arrays[name] = _array(member, name, tuple(shape), path)
    return arrays


def _array(member: IO[bytes], name: str, wanted: tuple[int, ...], path: Path) -> NDArray[np.float64]:
    shape, in_columns, dtype = _header(member)
    if dtype.kind not in "fiu" or shape not in (wanted, (1, *wanted)):
        raise InputError(f"'{name}' in '{path}' is {dtype} of shape {shape}, not real numbers of shape {wanted}.")
    data = member.read(math.prod(shape) * dtype.itemsize + 1)
    values = np.frombuffer(data, dtype)
    return values.reshape(shape, order="F" if in_columns else "C").reshape(wanted).astype(np.float64)


def _header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether the values stand in columns, and their type."""
    version = np.lib.format.read_magic(member)
    read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    shape, in_columns, dtype = read_header[version](member)
    return shape, in_columns, dtype

"""The results folder: `runs.jsonl`, `manifest.json`, `errors/`. Appended to by one run at a time, never rewritten.

A packed folder has its rows compressed, as `merge --packed` writes them: it is read like any other, never written to.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import warnings
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from indmech_bench.errors import InputError
from indmech_bench.registry.identity import SCHEMA
from indmech_bench.results.files import PACKED, DamagedError, cannot_write, open_own, open_regular, write_whole
from indmech_bench.results.row_fields import Row
from indmech_bench.results.row_lines import check_schema, write_line
from indmech_bench.results.rows import read_rows
from indmech_bench.text.lines import printable

RUNS = "runs.jsonl"
PACKED_RUNS = RUNS + PACKED
MANIFEST = "manifest.json"
LOCK = "lock"
ERRORS = "errors"


def existing_folder(text: str | Path) -> Path:
    """A folder that holds results. Raises InputError."""
    folder = Path(text)
    if not rows_file(folder).is_file():
        raise InputError(f"'{folder}' holds no results: there is no {RUNS} in it.")
    return folder


def rows_file(folder: Path) -> Path:
    """The file that a folder's rows are in, or would be. Raises InputError where there are two."""
    if not (folder / PACKED_RUNS).exists():
        return folder / RUNS
    if (folder / RUNS).exists():
        raise InputError(f"'{folder}' has its rows twice, in {RUNS} and {PACKED_RUNS}: move one of them away.")
    return folder / PACKED_RUNS


def refuse_packed(folder: Path) -> None:
    """Raises InputError for a packed folder, which nothing is written to."""
    if (folder / PACKED_RUNS).exists():
        raise InputError(
            f"'{folder}' is packed and only read: give another folder, or unpack it "
            f"(indmech-bench merge {folder} --out DIR)."
        )


def read_folder(folder: Path) -> list[Row]:
    """All rows of a folder; a torn last line is left out with a warning. Raises InputError."""
    file = rows_file(folder)
    found = read_rows(file)
    if found.torn:
        warnings.warn(f"{file}: a torn last line of {found.torn} bytes is left out.", stacklevel=2)
    return found.rows


def read_manifest(folder: Path) -> dict[str, Any]:
    """`manifest.json`: run -> what it ran on and was asked for. Empty where there is none. Raises InputError."""
    path = folder / MANIFEST
    try:
        with open_regular(path) as file:
            manifest = json.loads(file.read())
    except FileNotFoundError:
        return {"schema": SCHEMA, "runs": {}}
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedError(f"'{path}' is damaged: {error}.") from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("runs"), dict):
        raise DamagedError(f"'{path}' is damaged: it has no runs.")
    for run, entry in manifest["runs"].items():
        if not _is_entry(entry):
            raise DamagedError(f"'{path}' is damaged: run '{printable(run)}' is not what a run writes.")
    schema = manifest.get("schema", SCHEMA)
    if not isinstance(schema, int):
        raise DamagedError(f"'{path}' is damaged: its schema is no number.")
    check_schema(schema, f"'{path}'")
    return manifest


def _is_entry(entry: Any) -> bool:
    """Whether a run of a manifest holds what readers rely on."""
    if not isinstance(entry, dict) or not all(
        isinstance(entry.get(name, {}), dict) for name in ("families", "sources")
    ):
        return False
    controls = entry.get("controls", [])
    return isinstance(controls, list) and all(isinstance(control, str) for control in controls)


def move_aside(folder: Path) -> Path | None:
    """Rename a folder that exists, for a fresh start; returns its new place. Raises InputError while a run writes."""
    if not folder.exists():
        return None
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S")
    aside = folder.with_name(f"{folder.name}.{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = folder.with_name(f"{folder.name}.{stamp}-{number}")
    with _locked(folder):
        try:
            folder.rename(aside)
        except OSError as error:
            raise cannot_write(folder, error) from error
    return aside


class Writer:
    """The one writer of a results folder, while it holds the folder's lock. `rows`: what the folder holds, by key."""

    def __init__(self, folder: Path, file: int, rows: Iterable[Row]) -> None:
        self.folder = folder
        self.rows = {row["key"]: row for row in rows}
        self._file = file

    def append(self, rows: Iterable[Row]) -> None:
        """Append whole lines, in one write, and have them on disk. Raises InputError when the disk refuses.

        What was written before stays readable: a partial write is taken back.
        """
        added = list(rows)
        data = b"".join(write_line(row) for row in added)
        size = os.fstat(self._file).st_size
        try:
            if os.write(self._file, data) != len(data):
                raise OSError(28, "No space left on device")
            os.fsync(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, size)
            raise cannot_write(self.folder, error) from error
        for row in added:
            self.rows.pop(row["key"], None)
            self.rows[row["key"]] = row

    def record(self, run: str, entry: dict[str, Any]) -> None:
        """Put one run's entry into the manifest, atomically."""
        manifest = read_manifest(self.folder)
        manifest["runs"][run] = entry
        try:
            write_whole(self.folder / MANIFEST, (json.dumps(manifest, indent=1, ensure_ascii=True) + "\n").encode())
        except OSError as error:
            raise cannot_write(self.folder, error) from error

    def keep_output(self, name: str, text: str) -> None:
        """Keep a traceback or a failed job's output in `errors/NAME.txt`."""
        try:
            (self.folder / ERRORS).mkdir(exist_ok=True)
            write_whole(self.folder / ERRORS / f"{name}.txt", text.encode("utf-8", "replace"))
        except OSError as error:
            raise cannot_write(self.folder, error) from error


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[Writer]:
    """Make the folder if need be, lock it, take a torn last line away, and append to it. Raises InputError."""
    refuse_packed(folder)
    with _locked(folder):
        try:
            file = open_own(folder / RUNS, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            raise cannot_write(folder, error) from error
        try:
            found = read_rows(folder / RUNS)
            if found.torn:
                said = f"{folder / RUNS}: a torn last line of {found.torn} bytes is taken away."
                warnings.warn(said, stacklevel=3)
                os.ftruncate(file, os.fstat(file).st_size - found.torn)
            yield Writer(folder, file, found.rows)
        finally:
            os.close(file)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Make the folder if need be and hold its lock. Raises InputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open_own(folder / LOCK, os.O_RDWR)
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        _hold(lock, folder)
        yield
    finally:
        os.close(lock)


def _hold(lock: int, folder: Path) -> None:
    """Take the lock, which the system frees when this process ends however it ends, and write who holds it."""
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = printable(os.pread(lock, 200, 0).decode("utf-8", "replace").strip()) or "another process"
            raise InputError(
                f"'{folder}' is being written to by {holder}; wait for it or give another --out."
            ) from None
    with contextlib.suppress(OSError):  # on a full disk the lock holds, nameless
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)

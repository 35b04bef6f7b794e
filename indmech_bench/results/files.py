"""Files of a results folder: what those of a row are called, and how they are opened.

A pipe in their place is not waited for, nor a link followed.
"""

from __future__ import annotations

import contextlib
import lzma
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from indmech_bench.errors import InputError

PARTIAL = ".partial"
PACKED = ".xz"
"""How the name of a compressed file of rows ends."""
DIGITS = 12
"""Of a row's key in the names of its files: enough to tell settings, budgets and codes apart."""


class DamagedError(InputError):
    """A results file holds something that no run has written."""


def cannot_write(folder: Path, error: OSError) -> InputError:
    """The sentence for a folder that cannot be written."""
    return InputError(f"cannot write to '{folder}': {error.strerror or error}; what was written before is kept.")


def open_regular(path: Path) -> BinaryIO:
    """A plain file, to be read. Raises DamagedError for anything else, such as a pipe; OSError."""
    return os.fdopen(_opened(path, os.O_RDONLY), "rb")


@contextlib.contextmanager
def open_lines(path: Path) -> Iterator[BinaryIO | lzma.LZMAFile]:
    """A plain file of lines, to be read, or a compressed one. Raises DamagedError likewise; OSError."""
    with open_regular(path) as file:
        if path.suffix != PACKED:
            yield file
            return
        try:
            with lzma.open(file) as lines:
                yield lines
        except (lzma.LZMAError, EOFError) as error:
            raise DamagedError(f"'{path}' is damaged: {error}.") from None


def open_own(path: Path, flags: int) -> int:
    """The descriptor of a file that this program itself writes: made where it is not there, never through a link.

    Raises DamagedError for anything but a plain file; OSError.
    """
    if path.is_symlink():
        raise DamagedError(f"'{path}' is a link, and to write through it would change a file elsewhere: remove it.")
    return _opened(path, flags | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0))


def _opened(path: Path, flags: int) -> int:
    refusal = DamagedError(f"'{path}' is no plain file: remove it.")
    try:
        file = os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0), 0o644)
    except OSError:
        with contextlib.suppress(OSError):
            if not stat.S_ISREG(path.stat().st_mode):  # a pipe that nobody reads cannot be opened for writing
                raise refusal from None
        raise
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise refusal
    return file


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all, in the place of what is there; a link there is replaced, not followed.

    Raises OSError.
    """
    partial = path.with_name(path.name + PARTIAL)
    try:
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
            file.write(data)
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


def row_file_name(row: Mapping[str, Any]) -> str:
    """`TASK.METHOD.seed-SEED.KEY`, without an ending; of the key its first digits."""
    return f"{row['task']}.{row['method']}.seed-{row['seed']}.{row['key'][:DIGITS]}"


def key_in_name(file: Path) -> str:
    """The first digits of the key of the row that a file belongs to; its name may bear the whole key."""
    return file.stem.rpartition(".")[2][:DIGITS]

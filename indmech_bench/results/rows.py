"""Rows on disk: a file of lines, read quickly."""

from __future__ import annotations

import contextlib
import gc
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from lzma import LZMAFile
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from indmech_bench.errors import InputError
from indmech_bench.registry.identity import row_identity_keys
from indmech_bench.results.files import DamagedError, open_lines
from indmech_bench.results.row_fields import Identity, Result, Row
from indmech_bench.results.row_lines import CHECK, LONGEST, WORDS, checksum_of_line, is_result, no_constant, read_line
from indmech_bench.results.statuses import Status

_SHARED = sorted(Identity.__annotations__)
_RESULT = tuple(name for name in Result.__annotations__ if name in Result.__required_keys__)
_CHECKED = (*_RESULT, CHECK)
_HEAD, _RUN, _SEED = '{"key": "', '", "run": "', ', "seed": '
_KEY_END = len(_HEAD) + 64


class _Lines:
    """Reads the lines of one file, quickly: what the rows of a cell share is parsed, checked and hashed once.

    A line as runs write it holds the cell's fields between `run` and `seed`, in the same bytes for all its rows.
    Whatever else a line looks like, `read_line` has the last word on it.
    """

    def __init__(self) -> None:
        self._cells: dict[str, tuple[Identity, Callable[[int], str]]] = {}
        self._decoder = json.JSONDecoder(parse_constant=no_constant)

    def read(self, line: bytes, where: str) -> Row:
        """One row from its line, its cell's fields shared with the other rows of the cell. Raises as `read_line`."""
        try:
            text = line.decode()
        except UnicodeDecodeError:
            return read_line(line, where)
        run_end = text.find('"', _KEY_END + len(_RUN))
        seed = text.find(_SEED, run_end)
        if len(line) > LONGEST or seed < 0 or not text.startswith(_HEAD) or not text.startswith(_RUN, _KEY_END):
            return read_line(line, where)
        shared = text[run_end:seed]
        if shared not in self._cells:
            row = read_line(line, where)
            self._learn(shared, row)
            return row
        identity, key = self._cells[shared]
        run = text[_KEY_END + len(_RUN) : run_end]
        rest = "{" + text[seed + 2 :]
        try:
            result, end = self._decoder.raw_decode(rest)
        except (ValueError, RecursionError):
            return read_line(line, where)
        if (
            end != len(rest)
            or "\\" in run
            or not run.isprintable()
            or tuple(result) not in (_RESULT, _CHECKED)
            or not is_result(result)
            or (CHECK in result and not _holds(line, result[CHECK]))
            or key(result["seed"]) != text[len(_HEAD) : _KEY_END]
        ):
            return read_line(line, where)
        metrics = result["metrics"]
        result["metrics"] = dict(zip(map(sys.intern, metrics), metrics.values(), strict=True))
        return {"key": text[len(_HEAD) : _KEY_END], "run": sys.intern(run), **identity, **cast(Result, result)}

    def _learn(self, shared: str, fields: Mapping[str, Any]) -> None:
        try:
            identity = json.loads("{" + shared[3:] + "}")
        except ValueError:  # a setting that is named seed
            return
        if sorted(identity) == _SHARED and all(fields[n] == v for n, v in identity.items()):
            self._cells[shared] = identity, row_identity_keys(identity)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection: it would look through a million new objects again and again, none of them garbage."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class RowsOfFile(NamedTuple):
    """The rows of a file; the bytes of a torn last line (0 where there is none); how many rows have no checksum."""

    rows: list[Row]
    torn: int
    unchecked: int


@uncollected()
def read_rows(path: Path) -> RowsOfFile:
    """The rows of a file, which may be compressed. Raises InputError.

    Of several rows with one key the last counts. Two that are ok with different metrics are damage. A file that
    does not exist has no rows. Rows of one cell share the objects of its fields: they are to be read, not changed.
    """
    kept: dict[str, tuple[int, Row]] = {}
    torn = 0
    lines = _Lines()
    try:
        with open_lines(path) as file:
            for number, line in enumerate(_bounded(file), 1):
                if not line.endswith(b"\n") and len(line) <= LONGEST:
                    torn = len(line)
                    break
                row = lines.read(line.removesuffix(b"\n"), f"{path}, line {number}")
                before = kept.pop(row["key"], None)  # so that rows come in the order of their last lines
                if (
                    before
                    and before[1]["status"] == row["status"] == Status.OK
                    and before[1]["metrics"] != row["metrics"]
                ):
                    raise DamagedError(
                        f"{path}, line {number} contradicts line {before[0]}: one key, different metrics."
                    )
                kept[row["key"]] = (number, row)
    except FileNotFoundError:
        return RowsOfFile([], 0, 0)
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror}.") from None
    rows = [row for _, row in kept.values()]
    return RowsOfFile(rows, torn, sum(CHECK not in row for row in rows))


def _bounded(file: BinaryIO | LZMAFile) -> Iterator[bytes]:
    """The lines of a file; of one that is longer than a row can be no more than shows it."""
    while line := file.readline(LONGEST + 2):
        yield line


def _holds(line: bytes, check: object) -> bool:
    """Whether a line that ends with its checksum was written with it."""
    end = f', "{CHECK}": "{check}"}}'.encode()
    return line.endswith(end) and checksum_of_line(line.removesuffix(end) + b"}") == check


def count(rows: Iterable[Row]) -> dict[str, int]:
    """How many rows have each status."""
    counts = dict.fromkeys(WORDS, 0)
    for row in rows:
        counts[row["status"]] += 1
    return counts

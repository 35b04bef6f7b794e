"""Rows on disk: one JSON object a line, checked when read."""

from __future__ import annotations

import contextlib
import gc
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, cast

from indmech_bench.errors import InputError
from indmech_bench.registry.entries import NAME
from indmech_bench.registry.identity import SCHEMA, row_identity_key, row_identity_keys
from indmech_bench.results.row_fields import FIELDS, OPTIONAL, Identity, Result, Row
from indmech_bench.results.statuses import Status
from indmech_bench.text.lines import printable, short

WORDS = tuple(status.value for status in Status)
LONGEST = 1_000_000
"""Bytes of a line; a row is about a thousand."""


class DamagedError(InputError):
    """A results file holds something that no run has written."""


def write_line(row: Row) -> bytes:
    """One row as a line of strict JSON."""
    return (json.dumps(row, allow_nan=False, ensure_ascii=True) + "\n").encode()


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def read_line(line: bytes, where: str) -> Row:
    """One row from its line. Raises DamagedError naming `where`, InputError for a newer schema."""
    if len(line) > LONGEST:
        raise DamagedError(f"{where} is damaged: {len(line):,} bytes long, more than a row can be.")
    try:
        row = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{where} is damaged: {_quoted(str(error) or type(error).__name__)}.") from None
    if not isinstance(row, dict):
        raise DamagedError(f"{where} is damaged: not an object.")
    schema = row.get("schema")
    check_schema(schema, where)
    _check(row, where)
    return cast(Row, row)


def check_schema(schema: Any, where: str) -> None:
    """Raises InputError for rows of another schema than this version's, older or newer."""
    if isinstance(schema, int) and schema != SCHEMA:
        what = "upgrade" if schema > SCHEMA else "read it with the version that made it, or run into another folder"
        raise InputError(f"{where} has schema {schema}, and this version reads {SCHEMA}: {what}.")


def _is_number(value: Any) -> bool:
    """Whether a value is null or a number that fits a float."""
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        return False
    return not isinstance(value, int) or abs(value) < 2**1023


def _quoted(text: str) -> str:
    return printable(short(text, 80))


def _check(row: Mapping[str, Any], where: str) -> None:
    for name, types in {**FIELDS, **OPTIONAL}.items():
        if name not in row:
            if name in OPTIONAL:
                continue
            raise DamagedError(f"{where} is damaged: field '{name}' is missing.")
        value = row[name]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise DamagedError(f"{where} is damaged: field '{name}' is {_quoted(repr(value))}.")
    if row["status"] not in WORDS:
        raise DamagedError(f"{where} is damaged: status {_quoted(repr(row['status']))} is not known.")
    for name in ("task", "method"):
        if not NAME.fullmatch(row[name]):
            raise DamagedError(f"{where} is damaged: {name} {_quoted(repr(row[name]))} is no name.")
    numbers = {
        **row["metrics"],
        **row.get("errors", {}),
        "cost": row["cost"],
        "seconds": row["seconds"],
        "budget": row["budget"],
    }
    for name, value in numbers.items():
        if not _is_number(value):
            raise DamagedError(f"{where} is damaged: number {_quoted(repr(name))} is {_quoted(repr(value))}.")
    for name in ("settings", "task_settings"):
        if any(isinstance(value, dict | list) for value in row[name].values()):
            raise DamagedError(f"{where} is damaged: field '{name}' holds more than plain values.")
    if row["key"] != row_identity_key(row):
        raise DamagedError(f"{where} is damaged: its key does not belong to its fields.")


_SHARED = sorted(Identity.__annotations__)
_RESULT = tuple(name for name in Result.__annotations__ if name in Result.__required_keys__)
_HEAD, _RUN, _SEED = '{"key": "', '", "run": "', ', "seed": '
_KEY_END = len(_HEAD) + 64


class _Lines:
    """Reads the lines of one file, quickly: what the rows of a cell share is parsed, checked and hashed once.

    A line as runs write it holds the cell's fields between `run` and `seed`, in the same bytes for all its rows.
    Whatever else a line looks like, `read_line` has the last word on it.
    """

    def __init__(self) -> None:
        self._cells: dict[str, tuple[Identity, Callable[[int], str]]] = {}
        self._decoder = json.JSONDecoder(parse_constant=_no_constant)

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
            or tuple(result) != _RESULT
            or not _is_result(result)
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


def _is_result(result: Mapping[str, Any]) -> bool:
    """Whether the fields that a row has to itself have the types that `_check` asks for."""
    if type(result["seed"]) is not int or result["status"] not in WORDS or type(result["reason"]) is not str:
        return False
    if not type(result["metrics"]) is type(result["truth"]) is type(result["details"]) is dict:
        return False
    numbers = [*result["metrics"].values(), result["cost"], result["seconds"]]
    return {*map(type, numbers)} == {float} or all(map(_is_number, numbers))


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


@uncollected()
def read_rows(path: Path) -> tuple[list[Row], int]:
    """The rows of a file, and the length in bytes of a torn last line (0 where there is none).

    Of several rows with one key the last counts. Two that are ok with different metrics are damage. A file that
    does not exist has no rows. Rows of one cell share the objects of its fields: they are to be read, not changed.
    """
    kept: dict[str, tuple[int, Row]] = {}
    torn = 0
    lines = _Lines()
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    torn = len(line)
                    break
                row = lines.read(line[:-1], f"{path}, line {number}")
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
        return [], 0
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror}.") from None
    return [row for _, row in kept.values()], torn


def count(rows: Iterable[Row]) -> dict[str, int]:
    """How many rows have each status."""
    counts = dict.fromkeys(WORDS, 0)
    for row in rows:
        counts[row["status"]] += 1
    return counts

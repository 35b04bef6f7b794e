"""One row as a line of JSON with a checksum of its own: written, and checked when read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NoReturn, cast

from indmech_bench.errors import InputError
from indmech_bench.registry.entries import NAME
from indmech_bench.registry.identity import SCHEMA, row_identity_key
from indmech_bench.results.files import DamagedError
from indmech_bench.results.row_fields import FIELDS, Row
from indmech_bench.results.statuses import Status
from indmech_bench.text.lines import printable, short

WORDS = tuple(status.value for status in Status)
LONGEST = 1_000_000
"""Bytes of a line; a row is about a thousand."""


CHECK = "check"
"""The field of a row's checksum, its last on disk beside those of `Row`; rows made before there was one have none."""
CHECK_DIGITS = 16


def with_check(row: Row) -> Row:
    """A row that was just made, with its checksum: of the line that it is without."""
    return cast(Row, {**row, CHECK: checksum(row)})


def checksum(row: Mapping[str, Any]) -> str:
    """The checksum of a row."""
    return checksum_of_line(_text({name: value for name, value in row.items() if name != CHECK}).encode())


def checksum_of_line(line: bytes) -> str:
    """The checksum of a row, from its line without one."""
    return hashlib.sha256(line).hexdigest()[:CHECK_DIGITS]


def write_line(row: Row) -> bytes:
    """One row as a line of strict JSON, with the checksum that it has, if any."""
    return (_text(row) + "\n").encode()


def _text(row: Mapping[str, Any]) -> str:
    return json.dumps(row, allow_nan=False, ensure_ascii=True)


def no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def read_line(line: bytes, where: str) -> Row:
    """One row from its line. Raises DamagedError naming `where`, InputError for a newer schema."""
    if len(line) > LONGEST:
        raise DamagedError(f"{where} is damaged: longer than the {LONGEST:,} bytes that a row can have.")
    try:
        row = json.loads(line, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{where} is damaged: {_quoted(str(error) or type(error).__name__)}.") from None
    if not isinstance(row, dict):
        raise DamagedError(f"{where} is damaged: not an object.")
    schema = row.get("schema")
    check_schema(schema, where)
    _check(row, where)
    if CHECK in row and checksum(row) != row[CHECK]:
        raise DamagedError(f"{where} is damaged: its checksum does not belong to it, so it was changed since.")
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
    for name, types in FIELDS.items():
        if name not in row:
            raise DamagedError(f"{where} is damaged: field '{name}' is missing.")
        value = row[name]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise DamagedError(f"{where} is damaged: field '{name}' is {_quoted(repr(value))}.")
    if row["status"] not in WORDS:
        raise DamagedError(f"{where} is damaged: status {_quoted(repr(row['status']))} is not known.")
    for name in ("task", "method"):
        if not NAME.fullmatch(row[name]):
            raise DamagedError(f"{where} is damaged: {name} {_quoted(repr(row[name]))} is no name.")
    numbers = {**row["metrics"], "cost": row["cost"], "seconds": row["seconds"], "budget": row["budget"]}
    for name, value in numbers.items():
        if not _is_number(value):
            raise DamagedError(f"{where} is damaged: number {_quoted(repr(name))} is {_quoted(repr(value))}.")
    for name in ("settings", "task_settings"):
        if any(isinstance(value, dict | list) for value in row[name].values()):
            raise DamagedError(f"{where} is damaged: field '{name}' holds more than plain values.")
    if row["key"] != row_identity_key(row):
        raise DamagedError(f"{where} is damaged: its key does not belong to its fields.")


def is_result(result: Mapping[str, Any]) -> bool:
    """Whether the fields that a row has to itself have the types that `_check` asks for."""
    if type(result["seed"]) is not int or result["status"] not in WORDS or type(result["reason"]) is not str:
        return False
    if not type(result["metrics"]) is type(result["truth"]) is type(result["details"]) is dict:
        return False
    numbers = [*result["metrics"].values(), result["cost"], result["seconds"]]
    return {*map(type, numbers)} == {float} or all(map(_is_number, numbers))

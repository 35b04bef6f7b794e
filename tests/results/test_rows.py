"""Rows of a known cell are read on a short way, which must end where the long one does, in a row or in its sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from folders import write_folder
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_damage import LINES

from indmech_bench.errors import InputError
from indmech_bench.registry.identity import row_identity_key
from indmech_bench.results.row_lines import read_line
from indmech_bench.results.rows import _Lines, read_rows

Row = dict[str, Any]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Three lines of one cell, the last a failure."""
    errors = [0.5, 1e-30, float("inf")]
    folder = write_folder(tmp_path_factory.mktemp("rows") / "r", {("fir-natural", "adam"): errors})
    return (folder / "runs.jsonl").read_bytes().splitlines()


def short(lines: list[bytes], line: bytes) -> Row | str:
    """The row of a line, or the sentence against it, when its cell is known from the first line."""
    reader = _Lines()
    reader.read(lines[0], "before")
    try:
        return reader.read(line, "here")
    except InputError as error:
        return str(error)


def long(line: bytes) -> Row | str:
    try:
        return read_line(line, "here")
    except InputError as error:
        return str(error)


def test_rows_of_a_cell_share_its_fields(lines: list[bytes]) -> None:
    reader = _Lines()
    rows = [reader.read(line, "here") for line in lines]
    assert rows == [json.loads(line) for line in lines]
    assert rows[1]["settings"] is rows[2]["settings"]
    assert list(rows[1]) == list(json.loads(lines[1]))


@pytest.mark.parametrize("damage", LINES.values(), ids=LINES)
def test_damage_gets_the_same_sentence(lines: list[bytes], damage: Callable[[Row], bytes]) -> None:
    line = damage(json.loads(lines[1]))
    assert short(lines, line) == long(line)


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 1500), width=st.integers(0, 3), new=st.binary(max_size=3))
@example(place=84, width=0, new=b"\x00")
@example(place=2, width=0, new=b" ")
@example(place=1500, width=0, new=b" ")
@example(place=1500, width=0, new=b"x")
def test_any_change_of_a_few_bytes_is_read_alike(lines: list[bytes], place: int, width: int, new: bytes) -> None:
    line = lines[1]
    place = min(place, len(line))
    changed = line[:place] + new + line[place + width :]
    assert short(lines, changed) == long(changed)


def test_fields_given_twice_count_the_last_time(lines: list[bytes]) -> None:
    row = json.loads(lines[1])
    del row["check"]
    twice = json.dumps(row).encode()[:-1] + b', "engine": 7}'
    assert "its key does not belong" in str(short(lines, twice))
    row["engine"] = 7
    key = row_identity_key(row)
    mended = twice.replace(row["key"].encode(), key.encode())
    assert short(lines, mended) == row | {"key": key}


def test_a_setting_that_is_named_seed(lines: list[bytes], tmp_path: Path) -> None:
    rows = []
    for line in lines:
        row = json.loads(line) | {"settings": {"rate": 1.0, "seed": 3}}
        del row["check"]
        rows.append(row | {"key": row_identity_key(row)})
    (tmp_path / "runs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert read_rows(tmp_path / "runs.jsonl") == (rows, 0, 3)

"""Packed folders: read like any other, never written to, and what is broken in one is said."""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np
import pytest
from conftest import Cli
from folders import rows_of, write_folder

from indmech_bench import load
from indmech_bench.analysis.ranking.ranking import leaderboard
from indmech_bench.errors import InputError
from indmech_bench.results.curves import keep_curves, read_curves
from indmech_bench.results.folder import PACKED_RUNS, RUNS, read_folder
from indmech_bench.results.merging import merge

CELL = ("fir-natural", "adam")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "plain", {CELL: np.random.default_rng(0).random(9)}, references=["oracle"])


def test_a_packed_folder_is_read_like_the_plain_one_and_unpacks_to_its_bytes(folder: Path, tmp_path: Path) -> None:
    packed = merge([folder], out=tmp_path / "packed", packed=True).folder
    assert read_folder(packed) == read_folder(folder)
    assert leaderboard(packed).lines == leaderboard(folder).lines
    assert load(packed).equals(load(folder))
    unpacked = merge([packed], out=tmp_path / "again").folder
    assert (unpacked / RUNS).read_bytes() == (folder / RUNS).read_bytes()


def test_nothing_is_written_to_a_packed_folder(folder: Path, tmp_path: Path, cli: Cli) -> None:
    packed = merge([folder], out=tmp_path / "packed", packed=True).folder
    before = {path.name: path.read_bytes() for path in packed.iterdir()}
    made = cli("run", "--task", "fir-natural", "--method", "adam", "--seeds", "2", "--out", "packed")
    assert made.returncode == 2
    assert "'packed' is packed and only read" in made.stderr
    assert {path.name: path.read_bytes() for path in packed.iterdir()} == before


@pytest.mark.parametrize("harm", ["cut", "garbage", "changed", "trap"])
def test_a_damaged_packed_folder_is_one_sentence(folder: Path, tmp_path: Path, harm: str) -> None:
    file = merge([folder], out=tmp_path / "packed", packed=True).folder / PACKED_RUNS
    data = file.read_bytes()
    if harm == "cut":
        file.write_bytes(data[:-20])
    elif harm == "garbage":
        file.write_bytes(b"no archive")
    elif harm == "trap":  # a few kilobytes that unpack to one line of 50 MB
        file.write_bytes(lzma.compress(b"0" * 50_000_000, preset=0))
    else:
        lines = lzma.decompress(data).replace(b'"seconds": ', b'"seconds": 1', 1)
        file.write_bytes(lzma.compress(lines))
    with pytest.raises(InputError, match="damaged"):
        read_folder(file.parent)


def test_rows_twice_are_refused_and_one_plain_folder_is_nothing_to_merge(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--packed"):
        merge([folder], out=tmp_path / "copy")
    packed = merge([folder], out=tmp_path / "packed", packed=True).folder
    (packed / RUNS).write_bytes((folder / RUNS).read_bytes())
    with pytest.raises(InputError, match="twice"):
        read_folder(packed)
    assert rows_of(folder)


def test_pictures_can_be_left_out_and_nothing_else_is(folder: Path, tmp_path: Path, cli: Cli) -> None:
    first, second, *_ = rows_of(folder)
    keep_curves(folder, first, {"step": [0, 5], "loss": [2.0, None], "maps": np.ones((2, 3, 3))})
    keep_curves(folder, second, {"maps": np.ones((2, 3, 3))})
    assert cli("merge", "plain", "--packed", "--no-pictures", "--out", "packed").returncode == 0
    kept = read_curves(tmp_path / "packed", first)
    assert kept is not None
    assert [*kept] == ["step", "loss"]
    np.testing.assert_array_equal(kept["loss"], [2.0, np.nan])
    assert read_curves(tmp_path / "packed", second) is None
    assert read_folder(tmp_path / "packed") == read_folder(folder)
    assert read_curves(folder, second) is not None

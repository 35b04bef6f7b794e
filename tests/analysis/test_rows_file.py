"""Rows for other programs: every format has the same ones, with every digit."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from folders import write_folder
from pandas.testing import assert_frame_equal

import indmech_bench
from indmech_bench.analysis.rows_file import rows_as
from indmech_bench.cli.app import app
from indmech_bench.errors import InputError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    errors = [*np.random.default_rng(0).random(5), np.inf]
    return write_folder(tmp_path_factory.mktemp("rows") / "r", {("fir-natural", "adam:steps=3"): errors})


def test_every_format_has_all_rows_and_digits(folder: Path) -> None:
    wanted = indmech_bench.load(folder)
    read = {
        "csv": pd.read_csv(io.BytesIO(rows_as(folder, "csv"))),
        "json": pd.DataFrame([json.loads(line) for line in rows_as(folder, "json").splitlines()]),
        "parquet": pd.read_parquet(io.BytesIO(rows_as(folder, "parquet"))),
    }
    for found in read.values():
        assert [*found.columns] == [*wanted.columns]
        numbers = [name for name in wanted if name.startswith("metrics.") or name in ("seed", "cost")]
        assert_frame_equal(found[numbers].astype(float), wanted[numbers].astype(float), check_exact=True)
        assert [json.loads(text) for text in found["settings"]] == [*wanted["settings"]]
        assert [*found["status"]] == [*wanted["status"]]


def test_parquet_is_refused_in_one_sentence_where_it_cannot_be(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="unknown format of rows 'parq': did you mean 'parquet'"):
        app(["rows", str(folder), "--format", "parq"], standalone_mode=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(InputError, match="nothing for a terminal: give --out FILE"):
        app(["rows", str(folder), "--format", "parquet"], standalone_mode=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match="needs pyarrow, not installed here: pip install"):
        rows_as(folder, "parquet")


def test_a_leaderboard_as_a_table_and_in_a_line(folder: Path) -> None:
    board = indmech_bench.leaderboard(folder)
    table = board.to_pandas()
    assert table["method"].tolist() == ["adam:steps=3"]
    assert table["score"].tolist() == [board.lines[0].score]
    assert repr(board) == f"<Leaderboard of {folder}: 1 methods, 1 tasks, 6 pairs>"
    assert len(str(board).splitlines()) > 3


def test_the_public_names_are_what_is_shown() -> None:
    assert {"run", "load", "load_curves", "leaderboard", "Problem", "train"} <= set(dir(indmech_bench))
    assert not [name for name in dir(indmech_bench) if name.startswith("_") or not hasattr(indmech_bench, name)]

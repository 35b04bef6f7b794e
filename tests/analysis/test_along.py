"""Medians along training: of the kept point that a share of the steps asks for, over the seeds that have one."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from conftest import Cli
from folders import rows_of, write_folder, write_rows

from indmech_bench.analysis.drift.along import along, document
from indmech_bench.errors import InputError
from indmech_bench.registry.identity import row_identity_key
from indmech_bench.results.curves import keep_curves
from indmech_bench.text.writing import write

STEPS = {"adam": [0, 3, 8, 10], "sgd": [0, 3, 8, 20]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two methods with seven seeds, whose curves are the step times the seed; the penalty is known to one alone."""
    place = write_folder(tmp_path / "r", {("fir-natural", name): np.ones(7) for name in STEPS})
    for row in rows_of(place):
        steps = STEPS[row["method"]]
        curves = {"step": steps, "loss": [step * row["seed"] for step in steps]}
        more = {"penalty": [None, 1.0, 1.0, 2.0]} if row["method"] == "sgd" else {}
        keep_curves(place, row, curves | more)
    return place


def test_a_share_of_the_steps_is_the_last_kept_point_before_it(folder: Path) -> None:
    (adam, sgd) = along(folder, ["loss"], (0.5, 1.0))["loss"]
    assert (adam.method, adam.steps, sgd.method, sgd.steps) == ("adam", (3, 10), "sgd", (8, 20))
    assert [middle.value for middle in adam.middles] == [9.0, 30.0]
    assert sgd.middles[1].interval == (0.0, 120.0)
    assert adam.n == sgd.n == 7


def test_what_rises_and_falls_is_counted_by_seed(folder: Path) -> None:
    rows = [row for row in rows_of(folder) if row["method"] == "adam"]
    for row, end in zip(rows, (5.0, 5.0, 5.0, 1.0, 3.0, 3.0, np.nan), strict=True):
        keep_curves(folder, row, {"step": [0, 3, 10], "loss": [9.0, 3.0, end]})
    found = along(folder, ["loss"], (0.5, 1.0), ["adam"])
    (record,) = csv.DictReader(io.StringIO(write(document(folder, found, (0.5, 1.0)), "csv")))
    assert (record["rises"], record["falls"]) == ("3", "1")
    assert float(record["p"]) == 0.625  # 2 (1 + 4) / 16


def test_a_method_that_was_not_measured_has_no_line(folder: Path) -> None:
    (only,) = along(folder)["penalty"]
    assert (only.method, only.middles[-1].value) == ("sgd", 2.0)


def test_a_table_of_one_method_names_it_above(folder: Path) -> None:
    found = along(folder, ["loss"], methods=["sgd"])
    assert [line.method for line in found["loss"]] == ["sgd"]
    assert "### loss, along training of sgd\n" in write(document(folder, found), "md")


def test_methods_are_named_as_tables_name_them(folder: Path) -> None:
    rows = rows_of(folder)
    for row in rows:
        row["settings"] |= {
            "steps": 77,
            "learning_rate": 0.5 if row["method"] == "sgd" else row["settings"]["learning_rate"],
        }
        row["key"] = row_identity_key(row)
        keep_curves(folder, row, {"step": [0, 9], "loss": [2.0, 1.0]})
    write_rows(folder, rows)
    for name in ("sgd", "sgd:learning_rate=0.5", "sgd:learning_rate=0.5,steps=77"):
        assert [line.method for line in along(folder, ["loss"], methods=[name])["loss"]] == [
            "sgd:learning_rate=0.5,steps=77"
        ]


def test_heads_are_steps_where_all_have_the_same(folder: Path) -> None:
    both = write(document(folder, along(folder, ["loss"], (0.5,)), (0.5,)), "md")
    assert "50% of steps" in both
    one = write(document(folder, along(folder, ["penalty"], (0.5,)), (0.5,)), "md")
    assert "| step 8 |" in one


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--metric", "los"), "unknown metric along training 'los': did you mean 'loss'?"),
        (("--method", "sg"), "unknown method with curves 'sg': did you mean 'sgd'?"),
        (("--at", "1.5"), "--at 1.5 must be a share of the steps: above 0, and at most 1."),
        (("--at", "0"), "--at 0 must be a share of the steps: above 0, and at most 1."),
    ],
)
def test_what_is_not_there_is_a_sentence(folder: Path, cli: Cli, options: tuple[str, str], sentence: str) -> None:
    made = cli("along", str(folder), *options)
    assert made.returncode == 2
    assert sentence in made.stderr


def test_a_folder_without_curves_is_a_sentence(tmp_path: Path) -> None:
    place = write_folder(tmp_path / "r", {("fir-natural", "adam"): np.ones(2)})
    with pytest.raises(InputError, match="holds no curves: run with --curves"):
        along(place)

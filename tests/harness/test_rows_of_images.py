"""Rows of image tasks: errors by intervention, pictures of the first seeds, references of their own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import Cli
from folders import rows_of, write_folder

import indmech_bench
from indmech_bench import InputError
from indmech_bench.analysis.images.by_intervention import by_intervention
from indmech_bench.results.curves import curves_path
from indmech_bench.results.folder import read_folder
from indmech_bench.scoring.metrics import NULL_BAND, RARE

LISTED = ["layout stretch 0.75", "layout stretch 1.25", "layout stretch 1.5", "shape stretch 1.5", "shape dilation 2"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("images") / "r"
    tasks = ["toy-faces-single", "fir-natural"]
    indmech_bench.run(tasks=tasks, methods=["adam:steps=3", "early-stop:steps=3"], seeds="1-2", out=out, jobs=0)
    return out


def test_rows_list_errors_where_the_task_does_and_nowhere_else(folder: Path) -> None:
    for row in read_folder(folder):
        listed = row["task"] == "toy-faces-single" and row["status"] == "ok"
        assert list(row.get("errors", {})) == (LISTED if listed else [])
        if listed and row["method"] == "no-intervention":
            assert all(value == pytest.approx(1) for value in row["errors"].values())
        if listed and row["method"] == "oracle":
            assert set(row["errors"].values()) == {0.0}


def test_a_method_without_samples_to_hold_out_skips_images(folder: Path) -> None:
    assert {row["status"] for row in read_folder(folder) if row["method"] == "early-stop"} == {"skipped"}


def test_pixels_are_resized_where_there_are_some(folder: Path) -> None:
    assert {row["task"] for row in read_folder(folder) if row["method"] == "pixel-resize"} == {"toy-faces-single"}


def test_the_first_seeds_keep_pictures_and_the_oracle_all_solutions(folder: Path) -> None:
    kept = set(folder.glob("curves/*.npz"))
    (solved,) = (
        row for row in read_folder(folder) if (row["task"], row["method"], row["seed"]) == ("fir-natural", "oracle", 1)
    )
    with np.load(curves_path(folder, solved)) as solutions:
        listed = {name: value for name, value in solutions.items() if name != NULL_BAND}
        assert {value.shape for value in listed.values()} == {(solved["truth"]["solutions"],)}
        low, high = solutions[NULL_BAND]
        assert low == -high
        assert (abs(solved["truth"]["log_generic_ratio"]) > high) == (solved["metrics"]["ratio_pvalue"] < RARE)
        assert solutions["solutions.extrapolation_error"].min() < 1e-9
        largest = solutions["solutions.log_generic_ratio"].max()
        assert largest == pytest.approx(solved["truth"]["largest_log_generic_ratio"])
    kept.remove(curves_path(folder, solved))
    first = [row for row in read_folder(folder) if row["task"] == "toy-faces-single" and row["seed"] == 1]
    paths = {row["method"]: curves_path(folder, row) for row in first}
    assert kept == {paths[row["method"]] for row in first if row["status"] == "ok"}
    with np.load(paths["oracle"]) as true, np.load(paths["no-intervention"]) as still:
        assert list(true) == ["observed", *LISTED]
        assert all(true[name].shape == (1, 32, 32) for name in true)
        assert np.array_equal(true["observed"], still["layout stretch 1.5"])
        assert not np.array_equal(true["layout stretch 1.5"], still["layout stretch 1.5"])


def test_a_table_has_the_errors_in_columns(folder: Path) -> None:
    table = indmech_bench.load(folder)
    assert [f"errors.{name}" for name in LISTED] == [name for name in table.columns if name.startswith("errors.")]


def test_a_table_by_intervention_counts_a_failed_replicate(tmp_path: Path) -> None:
    errors = {"errors": {"layout stretch 1.5": 0.25}}
    place = write_folder(tmp_path / "r", {("toy-faces", "adam"): [0.1, float("inf"), float("inf")]}, changes=errors)
    (lines,) = by_intervention(place).values()
    (line,) = lines
    assert line.n == 3
    assert line.errors["layout stretch 1.5"].value == float("inf")


def test_a_folder_without_such_rows_says_so(tmp_path: Path) -> None:
    write_folder(tmp_path / "r", {("fir-natural", "adam"): [0.1]})
    with pytest.raises(InputError, match="no errors by intervention"):
        by_intervention(tmp_path / "r")


def test_errors_that_are_no_numbers_are_damage(tmp_path: Path, cli: Cli) -> None:
    place = write_folder(
        tmp_path / "r", {("toy-faces", "adam"): [0.1]}, changes={"errors": {"layout stretch 1.5": "x"}}
    )
    assert rows_of(place)
    shown = cli("by-intervention", "r")
    assert shown.returncode == 2
    assert "is damaged" in shown.stderr
    assert json.loads((place / "manifest.json").read_text())

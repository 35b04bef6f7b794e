"""Ranks by other definitions of e: what they say of hand-made rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Cli
from folders import rows_of, write_folder, write_rows

from indmech_bench.analysis.ranking.sensitivity import sensitivity
from indmech_bench.errors import InputError

METHODS = ("adam", "sgd", "weight-decay")
TASKS = ("fir-natural", "fork", "linear-gaussian-natural")


def written(folder: Path, alternatives: Callable[[dict[str, Any]], dict[str, float]]) -> Path:
    """Rows in which adam errs least and weight-decay most, with the alternatives that a row's function gives."""
    random = np.random.default_rng(5)
    cells = {
        (task, method): 0.1 * 10**rank * np.exp(0.1 * random.normal(size=16))
        for task in TASKS
        for rank, method in enumerate(METHODS)
    }
    place = write_folder(folder, cells)
    lines = rows_of(place)
    for line in lines:
        line["metrics"] |= alternatives(line)
    write_rows(place, lines)
    return place


def same_and_turned(row: dict[str, Any]) -> dict[str, float]:
    """One alternative that is e in other units, one that turns the order about, one that only kernels have."""
    e = row["metrics"]["extrapolation_error"]
    there = {"error_euclidean": 7 * e, "error_over_power": 1 / e}
    return there if row["task"].startswith("linear") else {**there, "error_other_interventions": e}


def test_an_increasing_function_of_e_keeps_the_order_and_its_inverse_reverses_every_pair(tmp_path: Path) -> None:
    found = {one.metric: one for one in sensitivity(written(tmp_path / "r", same_and_turned))}
    assert set(found) == {"error_euclidean", "error_over_power", "error_other_interventions"}
    same, turned = found["error_euclidean"], found["error_over_power"]
    assert same.ranks == same.ranks_by_e == {"adam": 1, "sgd": 2, "weight-decay": 3}
    assert (same.agreement, same.told_apart, same.confirmed, same.reversed_pairs) == (1.0, 3, 3, ())
    assert turned.ranks == {"adam": 3, "sgd": 2, "weight-decay": 1}
    assert (turned.agreement, turned.confirmed) == (-1.0, 0)
    assert set(turned.reversed_pairs) == {("adam", "sgd"), ("adam", "weight-decay"), ("sgd", "weight-decay")}


def test_an_alternative_counts_on_the_tasks_that_it_is_defined_on(tmp_path: Path) -> None:
    found = {one.metric: one for one in sensitivity(written(tmp_path / "r", same_and_turned))}
    assert found["error_other_interventions"].tasks == ("fir-natural", "fork")
    assert set(found["error_euclidean"].tasks) == set(TASKS)


def test_methods_that_the_draws_do_not_tell_apart_are_not_reversed(tmp_path: Path) -> None:
    def noise(row: dict[str, Any]) -> dict[str, float]:
        return {
            "error_euclidean": float(np.random.default_rng([row["seed"], len(row["method"] + row["task"])]).random())
        }

    (found,) = sensitivity(written(tmp_path / "r", noise))
    assert found.told_apart == 3
    assert found.reversed_pairs == ()


def test_one_method_has_no_order(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no two methods"):
        sensitivity(write_folder(tmp_path / "r", {("fir-natural", "adam"): [0.1] * 8}))


def test_the_verb_names_the_pairs_that_turn(tmp_path: Path, cli: Cli) -> None:
    written(tmp_path / "r", same_and_turned)
    shown = cli("sensitivity", "r").stdout
    assert "error_over_power reverses: adam before sgd by e" in shown
    definitions, ranks = json.loads(cli("sensitivity", "r", "--format", "json").stdout)["sections"]
    assert [line["metric"] for line in definitions["rows"]][:2] == ["error_euclidean", "error_over_power"]
    assert [line["error_over_power"] for line in ranks["rows"]] == [[3, 1], [2, 2], [1, 3]]

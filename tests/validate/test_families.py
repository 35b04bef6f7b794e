"""What the theory predicts of the other families: minutes, so not part of `make test`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scores import beats, scores_of

import indmech_bench


def table(tasks: list[str], methods: list[str], seeds: str, folder: Path) -> pd.DataFrame:
    indmech_bench.run(tasks=tasks, methods=methods, seeds=seeds, out=folder)
    return indmech_bench.load(folder).set_index(["task", "label"]).sort_index()


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    methods = ["adam", "gradient-descent", "independence-penalty", "weight-decay"]
    tasks = ["full-cascade-large", "full-cascade-small"]
    return table(tasks, methods, "32", tmp_path_factory.mktemp("full"))


def test_a_large_start_ends_unbalanced_and_extrapolates_badly(full: pd.DataFrame) -> None:
    adam = full.loc["full-cascade-large", "adam"]
    assert adam["metrics.extrapolation_error"].median() > 5
    assert adam["metrics.log_generic_ratio"].median() < -1


def test_the_penalty_repairs_a_large_start_to_the_level_of_ignorance(full: pd.DataFrame) -> None:
    assert 0.8 < full.loc["full-cascade-large", "independence-penalty"]["metrics.extrapolation_error"].median() < 1.3


def test_a_small_start_does_better_without_any_penalty_and_ends_above_one(full: pd.DataFrame) -> None:
    adam = full.loc["full-cascade-small", "adam"]
    assert adam["metrics.extrapolation_error"].median() < 0.8
    assert adam["metrics.log_generic_ratio"].median() > 0.1


def test_gradient_descent_from_a_small_start_ends_balanced(full: pd.DataFrame) -> None:
    rows = full.loc["full-cascade-small", "gradient-descent"]
    short = rows["metrics.log_generic_ratio"] - rows["truth.largest_log_generic_ratio"]
    assert np.exp(short).between(0.99, 1 + 1e-9).mean() > 0.9


def test_weight_decay_moves_towards_balance(full: pd.DataFrame) -> None:
    large = full.loc["full-cascade-large"]
    medians = large.groupby("label")[["metrics.log_generic_ratio", "truth.largest_log_generic_ratio"]].median()
    ratio, largest = medians["metrics.log_generic_ratio"], medians["truth.largest_log_generic_ratio"]
    assert ratio["weight-decay"] - ratio["adam"] > 0.5 * (largest["adam"] - ratio["adam"])


def test_two_environments_identify_the_shared_mechanism_and_one_does_not(tmp_path: Path) -> None:
    rows = table(["environments-1", "environments-2"], ["multistart-fit"], "32", tmp_path / "r")
    errors = {
        task: rows.loc[task, "multistart-fit"]["metrics.transfer_error"]
        for task in ("environments-1", "environments-2")
    }
    assert errors["environments-2"].median() < 0.05
    assert (errors["environments-2"] < 0.05).mean() > 0.8
    assert errors["environments-1"].median() > 0.2


@pytest.fixture(scope="module")
def linear(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Scores, seeds by methods."""
    folder = tmp_path_factory.mktemp("linear")
    table(["linear-gaussian-natural"], ["adam", "independence-penalty"], "16", folder)
    return scores_of(folder, "linear-gaussian-natural")


def test_joint_diagonalisation_is_identified_by_the_fit_alone(tmp_path: Path) -> None:
    rows = table(["linear-environments"], ["multistart-fit"], "16", tmp_path / "r")
    assert rows.loc["linear-environments", "multistart-fit"]["metrics.identified"].mean() > 0.5


@pytest.mark.parametrize("method", ["adam", "independence-penalty"])
def test_one_scalar_does_not_find_a_matrix(linear: pd.DataFrame, method: str) -> None:
    assert beats(linear, "best-constant", method)

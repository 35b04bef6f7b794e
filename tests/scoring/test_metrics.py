"""A metric is one declaration and one formula: nothing else has to know of it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
import torch
from contracts import SEEDS, TASKS, drawn, scored, solved, task_of, transfer_of
from draws import problem_of, truth_of
from folders import write_folder
from torch import Tensor

from indmech_bench.analysis.view import values_of
from indmech_bench.results.folder import read_folder
from indmech_bench.scoring import formulas, metrics
from indmech_bench.scoring.evaluation import Evaluation
from indmech_bench.scoring.metrics import BY_NAME, METRICS, Metric
from indmech_bench.scoring.scores import score


def test_every_metric_has_a_formula_and_every_formula_a_metric() -> None:
    own = {name for name, value in vars(formulas).items() if getattr(value, "__module__", "") == formulas.__name__}
    assert own == {metric.name for metric in METRICS} == set(BY_NAME)


@lru_cache
def of_a_network() -> dict[str, Tensor]:
    """Metrics of a network at its start."""
    task = "digits-strided-vae:most=64"
    problem = problem_of(task, SEEDS)
    return score(truth_of(task, SEEDS), problem.solution(problem.start()))


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_the_worst_value_is_at_the_worse_end(metric: Metric) -> None:
    if "network" in metric.needs:  # a world has none of these: a network that has not been trained
        oracle = of_a_network()[metric.name]
    else:
        oracle = torch.cat([of[metric.name] for of in (scored(name, "oracle") for name in TASKS) if metric.name in of])
    if metric.better == "lower":
        assert bool((oracle < metric.worst).all())
    elif metric.better == "higher":
        assert bool((oracle > metric.worst).all())
    else:
        assert metric.worst != metric.worst


@pytest.mark.parametrize("reference", ["oracle", "white"])
@pytest.mark.parametrize("name", TASKS)
def test_a_metric_is_there_exactly_where_what_it_needs_is(name: str, reference: str) -> None:
    evaluation = Evaluation(drawn(name), solved(name, reference), transfer_of(name), task_of(name).use)
    wanted = {metric.name for metric in METRICS if all(map(evaluation.has, metric.needs))}
    assert set(scored(name, reference)) == wanted
    assert {"fit_error", "extrapolation_error", "score", "identified"} <= wanted


def test_some_metrics_can_be_asked_for_alone() -> None:
    truth, solution = drawn("fir-natural"), solved("fir-natural", "output-intervention")
    alone = score(truth, solution, names=("score", "extrapolation_error"))
    assert list(alone) == ["score", "extrapolation_error"]
    assert torch.equal(alone["score"], scored("fir-natural", "output-intervention")["score"])


def test_adding_a_metric_takes_a_declaration_and_a_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def largest_error(x: Evaluation) -> Tensor:
        return x.divergence.amax(-1)

    added = Metric("largest_error", "lower", 7.0, "the largest divergence under any intervention")
    monkeypatch.setattr(metrics, "METRICS", (*METRICS, added))
    monkeypatch.setitem(BY_NAME, added.name, added)
    monkeypatch.setattr(formulas, added.name, largest_error, raising=False)
    assert bool((score(drawn("fir-natural"), solved("fir-natural", "white"))["largest_error"] > 0).all())
    folder = write_folder(tmp_path / "r", {("fir-natural", "adam"): [0.1, float("inf")]})
    rows = [row for row in read_folder(folder) if not row["reference"]]
    rows[0]["metrics"]["largest_error"] = 0.3
    assert sorted(values_of(rows, "largest_error")) == [0.3, 7.0]

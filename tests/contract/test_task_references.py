"""The contract of tasks: references have the values that THEORY 2 gives them."""

from __future__ import annotations

import pytest
import torch
from contracts import differs, drawn, each_task, powers, scored, solved


@each_task
def test_the_oracle_is_perfect(name: str) -> None:
    metrics = scored(name, "oracle")
    known = bool(drawn(name).model.invariants(drawn(name).parameters))
    assert ("equivalence_gap" in metrics) == ("exact" in metrics) == known
    for metric in ("fit_error", "extrapolation_error", "equivalence_gap", "shape_error"):
        assert differs(metrics.get(metric, torch.zeros(1)), 0.0) < 1e-9, metric
    for metric in ("score", "relative_skill", "identified", "exact"):
        assert differs(metrics.get(metric, torch.ones(1)), 1.0) < 1e-9, metric


@each_task
def test_the_oracle_has_the_true_mechanisms(name: str) -> None:
    assert float(scored(name, "oracle")["parameter_error"].max()) < 1e-6


@each_task
def test_the_oracle_has_the_truths_ratio_and_power(name: str) -> None:
    truth, metrics = drawn(name), scored(name, "oracle")
    assert torch.allclose(metrics["log_generic_ratio"], truth.model.log_generic_ratio(truth.parameters), atol=1e-12)
    assert ("power_error" in metrics) == bool(truth.family.group)
    assert differs(metrics.get("power_error", torch.zeros(1)), 0.0) < 1e-12


@each_task
def test_the_oracle_answers_each_intervention_best(name: str) -> None:
    metrics = scored(name, "oracle")
    assert ("class_error" in metrics) == bool(drawn(name).family.searched)
    assert differs(metrics.get("class_error", torch.zeros(1)), 0.0) < 1e-9


@each_task
def test_ignoring_interventions_has_error_one_and_fits(name: str) -> None:
    metrics = scored(name, "no-intervention")
    assert differs(metrics["extrapolation_error"], 1.0) < 1e-9
    assert differs(metrics["fit_error"], 0.0) < 1e-9
    assert differs(metrics["score"], 0.5) < 1e-9
    assert differs(metrics.get("class_error", torch.ones(1)), 1.0) < 1e-9


@each_task
def test_ignoring_interventions_is_generic_and_off_by_the_truths_ratio(name: str) -> None:
    truth, metrics = drawn(name), scored(name, "no-intervention")
    assert ("log_generic_ratio" in metrics) == ("power_error" in metrics) == bool(truth.family.group)
    if truth.family.group:
        assert differs(metrics["log_generic_ratio"], 0.0) < 1e-12
        ratio = truth.model.log_generic_ratio(truth.parameters)
        assert torch.allclose(metrics["power_error"], ratio.abs(), atol=1e-11)


@each_task
@pytest.mark.parametrize("reference", ["white", "best-constant", "output-intervention"])
def test_blind_references_are_finite(name: str, reference: str) -> None:
    for metric, value in scored(name, reference).items():
        assert bool(value.isfinite().all()), metric


@each_task
def test_the_best_constant_is_better_than_ignoring_interventions_and_white_noise(name: str) -> None:
    best = scored(name, "best-constant")["extrapolation_error"]
    for reference in ("no-intervention", "white"):
        assert bool((best < scored(name, reference)["extrapolation_error"]).all())


@each_task
def test_intervening_on_the_output_is_generic(name: str) -> None:
    metrics = scored(name, "output-intervention")
    assert differs(metrics.get("log_generic_ratio", torch.zeros(1)), 0.0) < 1e-12


@each_task
def test_intervening_on_the_output_fits(name: str) -> None:
    assert differs(scored(name, "output-intervention")["fit_error"], 0.0) < 1e-9


@each_task
def test_white_noise_has_the_observed_power(name: str) -> None:
    truth = drawn(name)
    white = solved(name, "white").law(truth.family.identity)
    assert differs(powers(truth, white).mean(-1), 1.0) < 1e-12

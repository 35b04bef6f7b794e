"""The metrics of THEORY 2: their definitions, what they are to each other, when they are absent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from cascades import drawn_truth, each_model, near, other
from draws import all_spectra, each_seed, truth_of

from indmech_bench.problem.solution import Solution
from indmech_bench.scm.genericity import prior_null
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scoring.references import of_parameters
from indmech_bench.scoring.scores import score


def divergences(S: np.ndarray, T: np.ndarray) -> np.ndarray:
    return ((np.sqrt(S) - np.sqrt(T)) ** 2).mean(-1)


@each_model
@each_seed(10)
def test_metrics_are_their_definitions_written_out(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    parameters = near(seed, truth, 0.2)
    metrics = {name: value.numpy() for name, value in score(truth, of_parameters(truth, parameters)).items()}
    true, made = all_spectra(model, truth.parameters), all_spectra(model, parameters)

    D = divergences(made, true)[:, 1:]
    moved = divergences(true[:, :1], true[:, 1:]).sum(-1)
    constant = np.sqrt(true).mean(1, keepdims=True) ** 2
    best = divergences(true[:, 1:, None], made[:, None]).min(-1)
    C_hat, C = made.mean(-1), true.mean(-1)
    F = (C_hat[:, 1:] + C[:, 1:] - D) / 2

    assert np.allclose(metrics["fit_error"], divergences(made[:, 0], true[:, 0]) / C[:, 0], rtol=1e-8)
    assert np.allclose(metrics["extrapolation_error"], D.sum(-1) / moved, rtol=1e-8)
    assert np.allclose(metrics["class_error"], best.sum(-1) / moved, rtol=1e-8)
    skill = 1 - D.sum(-1) / divergences(constant, true[:, 1:]).sum(-1)
    assert np.allclose(metrics["relative_skill"], skill, rtol=1e-8, atol=1e-10)
    shape = 1 - F.sum(-1) / np.sqrt(C_hat[:, 1:].sum(-1) * C[:, 1:].sum(-1))
    assert np.allclose(metrics["shape_error"], shape, rtol=1e-8, atol=1e-12)
    assert np.allclose(metrics["log_generic_ratio"], np.log(C_hat[:, 0] / C_hat.mean(-1)), atol=1e-11)
    assert np.allclose(metrics["power_error"], np.abs(np.log(C_hat.mean(-1) / C.mean(-1))), atol=1e-11)


@each_model
@each_seed()
def test_the_score_is_one_over_one_plus_the_error(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    metrics = score(truth, of_parameters(truth, other(seed, truth)))
    assert torch.allclose(metrics["score"] * (1 + metrics["extrapolation_error"]), torch.ones(3).double(), rtol=1e-13)


@each_model
@each_seed()
def test_power_error_follows_from_power_and_rho(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    parameters = other(seed, truth)
    power = [model.mean(model.half_spectrum(p)).log() for p in (parameters, truth.parameters)]
    ratio = [model.log_generic_ratio(p) for p in (parameters, truth.parameters)]
    expected = (power[0] - power[1] + ratio[1] - ratio[0]).abs()
    assert torch.allclose(score(truth, of_parameters(truth, parameters))["power_error"], expected, atol=1e-11)


@each_model
@each_seed()
def test_log_generic_ratio_is_the_models_and_its_pvalue_the_nulls(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    parameters = near(seed, truth, 0.2)
    metrics = score(truth, of_parameters(truth, parameters))
    assert torch.allclose(metrics["log_generic_ratio"], model.log_generic_ratio(parameters), atol=1e-11)
    assert torch.equal(metrics["ratio_pvalue"], prior_null(model).pvalue(metrics["log_generic_ratio"]))


@each_model
@each_seed()
def test_class_error_is_at_most_the_extrapolation_error(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    for size in (1e-3, 0.1, 10.0):
        metrics = score(truth, of_parameters(truth, near(seed, truth, size)))
        assert bool((metrics["class_error"] <= metrics["extrapolation_error"] + 1e-12).all())


@each_model
def test_answering_another_intervention_than_asked_is_wrong_pointwise_and_right_as_a_class(
    model: ConvolutionCascade,
) -> None:
    truth = drawn_truth(0, model)
    confused = Solution(lambda g: model.law(truth.parameters, replace(g, shift=5 * g.shift % model.n)))
    metrics = score(truth, confused)
    assert bool((metrics["extrapolation_error"] > 0.1).all())
    assert float(metrics["class_error"].max()) < 1e-12


def test_metrics_that_need_parameters_are_absent_without() -> None:
    truth = truth_of("fir-natural", range(3))
    with_parameters = of_parameters(truth, truth.parameters)
    absent = score(truth, with_parameters).keys() - score(truth, Solution(with_parameters.law)).keys()
    assert absent == {"equivalence_gap", "exact", "parameter_error", "error_other_interventions"}


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_solution_that_is_not_finite_spoils_its_own_replicate_only(bad: float) -> None:
    truth = truth_of("fir-natural", range(5))
    parameters = near(0, truth, 0.1)
    spoilt = {name: value.clone() for name, value in parameters.items()}
    spoilt["k2"][2, 0] = bad
    before, after = (score(truth, of_parameters(truth, p)) for p in (parameters, spoilt))
    others = [0, 1, 3, 4]
    for name, value in before.items():
        assert torch.equal(value[others], after[name][others])
    for name in ("fit_error", "extrapolation_error", "score", "equivalence_gap", "parameter_error", "ratio_pvalue"):
        assert bool(after[name][2].isnan())

"""References have the values that THEORY 2 gives them, on whatever truth."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from contracts import differs
from draws import each_seed
from presets import drawn, each_task, scored, solved

from indmech_bench.scm.divergences import squared_bures_wasserstein
from indmech_bench.scm.interventions import modulations
from indmech_bench.scoring.references import best_constant_law


@each_task
@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("fit_error", 0.0),
        ("extrapolation_error", 0.0),
        ("score", 1.0),
        ("relative_skill", 1.0),
        ("shape_error", 0.0),
        ("class_error", 0.0),
        ("identified", 1.0),
        ("equivalence_gap", 0.0),
        ("exact", 1.0),
        ("power_error", 0.0),
        ("parameter_error", 0.0),
        ("error_euclidean", 0.0),
        ("error_equal_weights", 0.0),
        ("error_over_power", 0.0),
        ("error_other_interventions", 0.0),
    ],
)
def test_the_oracle_is_perfect(text: str, metric: str, expected: float) -> None:
    assert differs(scored(text, "oracle")[metric], expected) < 1e-12


@each_task
def test_the_oracles_ratio_is_the_truths(text: str) -> None:
    truth = drawn(text)
    assert torch.allclose(
        scored(text, "oracle")["log_generic_ratio"], truth.model.log_generic_ratio(truth.parameters), atol=1e-12
    )


@each_task
@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("fit_error", 0.0),
        ("extrapolation_error", 1.0),
        ("score", 0.5),
        ("class_error", 1.0),
        ("identified", 0.0),
        ("log_generic_ratio", 0.0),
        ("ratio_pvalue", 1.0),
        ("error_euclidean", 1.0),
        ("error_equal_weights", 1.0),
    ],
)
def test_ignoring_the_intervention_has_error_one(text: str, metric: str, expected: float) -> None:
    assert differs(scored(text, "no-intervention")[metric], expected) < 1e-9


@each_task
def test_ignoring_the_intervention_has_no_skill(text: str) -> None:
    assert bool((scored(text, "no-intervention")["relative_skill"] < 0).all())


@each_task
def test_ignoring_the_intervention_has_the_truths_log_ratio_for_a_power_error(text: str) -> None:
    ratio = drawn(text).model.log_generic_ratio(drawn(text).parameters)
    assert torch.allclose(scored(text, "no-intervention")["power_error"], ratio.abs(), atol=1e-11)


@pytest.mark.parametrize("reference", ["no-intervention", "output-intervention", "white", "best-constant"])
def test_references_without_mechanisms_have_no_metrics_of_mechanisms(reference: str) -> None:
    assert not {"equivalence_gap", "exact", "parameter_error"} & scored("fir-natural", reference).keys()


@each_task
def test_the_best_constant_has_skill_zero(text: str) -> None:
    assert differs(scored(text, "best-constant")["relative_skill"], 0.0) < 1e-12


@each_seed()
def test_no_constant_law_is_nearer_to_all_modulated_truths_than_the_best(seed: int) -> None:
    truth = drawn("fir-natural")
    best = best_constant_law(truth)
    laws = torch.stack([truth.model.law(truth.parameters, g) for g in modulations(64).group], 1)
    least = squared_bures_wasserstein(best[:, None], laws).sum(-1)
    noise = torch.from_numpy(np.random.default_rng(seed).standard_normal((3, *best.shape)))
    for law in (best * (0.1 * noise[0]).exp(), best + 0.01 * noise[1].abs(), best * (0.1 * noise[2, :, :1]).exp()):
        assert bool((squared_bures_wasserstein(law[:, None], laws).sum(-1) > least).all())


@each_task
def test_the_best_constant_is_the_squared_mean_of_the_roots_of_the_intervened_laws(text: str) -> None:
    truth = drawn(text)
    roots = torch.stack([truth.model.law(truth.parameters, g).sqrt() for g in modulations(64).group]).mean(0)
    assert torch.allclose(best_constant_law(truth), roots.square(), rtol=1e-11, atol=1e-14)


@each_task
def test_intervening_on_the_output_is_generic_exactly(text: str) -> None:
    assert differs(scored(text, "output-intervention")["log_generic_ratio"], 0.0) < 1e-13


@each_task
def test_intervening_on_the_output_moves_the_observed_law(text: str) -> None:
    truth, solution = drawn(text), solved(text, "output-intervention")
    observed = truth.model.law(truth.parameters, truth.family.identity)
    for g in modulations(64).group[::9]:
        assert torch.equal(solution.law(g), observed.roll(g.shift, -1))


@each_task
def test_white_noise_has_the_observed_power_at_every_frequency(text: str) -> None:
    truth, solution = drawn(text), solved(text, "white")
    power = truth.model.law(truth.parameters, truth.family.identity).mean(-1)
    for g in modulations(64).group[::9]:
        assert torch.allclose(solution.law(g), power[:, None].expand(-1, 64), rtol=1e-14)

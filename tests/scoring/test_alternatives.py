"""Other definitions of e, each against what it says it is."""

from __future__ import annotations

import pytest
import torch
from draws import truth_of
from torch import Tensor

from indmech_bench.problem.solution import Solution
from indmech_bench.scm.interventions import Modulation, Stretch, modulations, stretches
from indmech_bench.scoring.metrics import ALTERNATIVES
from indmech_bench.scoring.references import of_parameters
from indmech_bench.scoring.scores import score
from indmech_bench.tasks.truth import Truth

TASKS = ["fir-natural", "eyes-natural", "fork", "environments-2", "linear-gaussian-natural", "linear-environments"]
each_task = pytest.mark.parametrize("text", TASKS)


def near(truth: Truth) -> dict[str, Tensor]:
    """A wrong solution."""
    random = torch.Generator().manual_seed(3)
    return {
        name: value + 0.3 * value.std() * torch.randn(value.shape, generator=random, dtype=value.dtype)
        for name, value in truth.parameters.items()
    }


@each_task
def test_alternatives_by_a_loop_over_interventions(text: str) -> None:
    truth = truth_of(text, range(3))
    made = score(truth, of_parameters(truth, near(truth)))
    law, true = truth.model.laws(near(truth)), truth.model.laws(truth.parameters)
    space, observed = truth.model.geometry, truth.model.laws(truth.parameters)(truth.family.identity)
    wrong, moved, power, ratios = [], [], [], []
    for g in truth.family.scored:
        wrong.append((law(g) - true(g)).square().flatten(1).sum(1))
        moved.append((observed - true(g)).square().flatten(1).sum(1))
        power.append(space.power(true(g)))
        one = space.divergence(law(g), true(g)) / space.divergence(observed, true(g))
        ratios.append(torch.where(space.divergence(observed, true(g)) >= 0.01 * space.power(observed), one, torch.nan))
    assert torch.allclose(made["error_euclidean"], sum(wrong) / sum(moved))
    divergences = sum(space.divergence(law(g), true(g)) for g in truth.family.scored)
    assert torch.allclose(made["error_over_power"], divergences / sum(power))
    assert torch.allclose(made["error_equal_weights"], torch.stack(ratios).nanmean(0))


@pytest.mark.parametrize("text", ["fir-natural", "eyes-natural"])
def test_the_other_interventions_are_those_of_the_other_family(text: str) -> None:
    truth = truth_of(text, range(3))
    assert {type(g) for g in truth.family.scored} == {Modulation if text.startswith("fir") else Stretch}
    family = stretches() if text.startswith("fir") else modulations(truth.model.n)
    elsewhere = Truth(truth.model, truth.parameters, truth.streams, family)
    there = score(elsewhere, of_parameters(elsewhere, near(truth)))["extrapolation_error"]
    assert torch.allclose(score(truth, of_parameters(truth, near(truth)))["error_other_interventions"], there)


@pytest.mark.parametrize("text", ["full-cascade-large", "linear-gaussian-natural"])
def test_there_are_no_other_interventions_where_taps_would_leave_the_signal_or_on_matrices(text: str) -> None:
    truth = truth_of(text, range(2))
    assert "error_other_interventions" not in score(truth, of_parameters(truth, truth.parameters))


@each_task
def test_alternatives_are_free_of_the_scale_of_everything(text: str) -> None:
    truth = truth_of(text, range(3))

    def scaled(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
        shape = (3, truth.model.environments) if truth.model.environments else (3,)
        return truth.model.rescale(parameters, torch.full(shape, 2.5, dtype=torch.float64))

    louder = Truth(truth.model, scaled(truth.parameters), truth.streams, truth.family)
    before = score(truth, of_parameters(truth, near(truth)))
    after = score(louder, Solution(louder.model.laws(scaled(near(truth))), scaled(near(truth))))
    for metric in ALTERNATIVES:
        assert (metric.name in before) == (metric.name in after)
        if metric.name in before:
            assert torch.allclose(before[metric.name], after[metric.name], rtol=1e-6)

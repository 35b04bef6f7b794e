"""Fine-tuning: what it starts from, and what it makes of that."""

from __future__ import annotations

import pytest
import torch
from draws import problem_of

from indmech_bench import Problem
from indmech_bench.registry.registration import get_method
from indmech_bench.scm.parameters import Parameters

SEEDS = tuple(range(10_000, 10_008))
STEPS = "steps=600,tuning=0.5"


def tuned(name: str, problem: Problem) -> Parameters:
    """What a method ends at, in the scale of what it sees."""
    solution = get_method(f"fine-tune-{name}").fit(problem)
    assert solution.parameters is not None
    return problem.in_seen_scale(solution.parameters)


@pytest.mark.parametrize("task", ["fir-natural", "toy-vae"])
def test_fine_tuning_starts_from_what_adam_ends_at(task: str) -> None:
    """Nothing is tuned where the second training's rate is next to nothing."""
    ended = get_method("adam:steps=300").fit(problem_of(task, SEEDS[:2])).parameters
    still = get_method(f"fine-tune-penalty:{STEPS},tuning_rate=1e-300").fit(problem_of(task, SEEDS[:2])).parameters
    assert ended is not None
    assert still is not None
    assert all(torch.equal(ended[name], still[name]) for name in ended)


def test_each_does_to_a_trained_model_what_its_name_says() -> None:
    """Per seed: a penalty brings log rho nearer to 0 than the fit alone does, a decay makes norms smaller."""
    problem = problem_of("fir-natural", SEEDS)
    fit = tuned(f"fit:{STEPS}", problem)
    penalty = tuned(f"penalty:{STEPS},strength=1,release=0", problem)
    decay = tuned(f"decay:{STEPS},decay=0.1,release=0", problem)
    with torch.no_grad():
        ratios = [problem.log_generic_ratio(parameters).abs() for parameters in (penalty, fit)]
        losses = [problem.loss(parameters) for parameters in (fit, penalty, decay)]
    assert bool((ratios[0] < ratios[1]).all())
    norms = [sum(value.square().sum(-1) for value in parameters.values()) for parameters in (decay, fit)]
    assert bool((norms[0] < norms[1]).all())  # type: ignore[operator]
    assert all(bool((loss < 0.05).all()) for loss in losses)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_few_steps_are_enough(steps: int) -> None:
    problem = problem_of("fir-natural", SEEDS[:1])
    ended = tuned(f"penalty:steps={steps}", problem)
    assert problem.steps.total() == steps
    assert all(bool(value.isfinite().all()) for value in ended.values())

"""Objectives as data: the same number, gradient and cost as the function that they describe."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from draws import problem_of
from torch import Tensor

from indmech_bench.problem.objective import Fading, Objective
from indmech_bench.problem.phase import AdamRule, DescentRule, Phase
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.training import Trace, train
from indmech_bench.scm.parameters import Parameters

Plain = Callable[[Problem, Parameters], Tensor]


def ratios(problem: Problem, parameters: Parameters) -> Tensor:
    return problem.log_generic_ratios(parameters)


DESCRIBED: dict[str, tuple[Objective, Plain]] = {
    "fit": (Objective(), lambda p, x: p.loss(x)),
    "penalty": (Objective(independence=0.3), lambda p, x: p.loss(x) + 0.3 * ratios(p, x).square().sum(-1)),
    "dependence alone": (Objective(fit=0.0, independence=2.0), lambda p, x: 2.0 * ratios(p, x).square().sum(-1)),
    "target": (
        Objective(independence=0.3, target=0.4, ratios="intervened"),
        lambda p, x: p.loss(x) + 0.3 * (p.log_generic_ratio(x) - 0.4).square(),
    ),
    "tolerance": (
        Objective(independence=0.3, tolerance=0.2),
        lambda p, x: p.loss(x) + 0.3 * (ratios(p, x).abs() - 0.2).clamp_min(0).square().sum(-1),
    ),
    "decay": (
        Objective(decay=0.1),
        lambda p, x: p.loss(x) + 0.05 * sum(value.square().sum(-1) for value in x.values()),
    ),
    "dependence and decay": (
        Objective(fit=0.0, independence=2.0, decay=0.1),
        lambda p, x: 2.0 * ratios(p, x).square().sum(-1) + 0.05 * sum(value.square().sum(-1) for value in x.values()),
    ),
    "fading": (Objective(independence=Fading(0.6, 10)), lambda p, x: p.loss(x) + 0.3 * ratios(p, x).square().sum(-1)),
}


@pytest.mark.parametrize("task", ["fir-natural", "deep-3-k2", "environments-2", "fork"])
@pytest.mark.parametrize("name", DESCRIBED)
def test_an_objective_is_the_function_that_it_describes(name: str, task: str) -> None:
    objective, plain = DESCRIBED[name]
    problem = problem_of(task, range(3))
    for starts in (None, 2):
        start = {key: value.requires_grad_() for key, value in problem.start(starts=starts).items()}
        value, expected = objective.value(problem, start, step=5), plain(problem, start)
        assert torch.allclose(value, expected, rtol=1e-13, atol=0)
        slopes = (torch.autograd.grad(one.sum(), [*start.values()]) for one in (value, expected))
        assert all(torch.allclose(a, b, rtol=1e-10, atol=1e-14) for a, b in zip(*slopes, strict=True))


@pytest.mark.parametrize("name", DESCRIBED)
def test_an_objective_costs_what_its_evaluation_is_charged(name: str) -> None:
    objective, _ = DESCRIBED[name]
    problem = problem_of("fir-natural", range(2))
    objective.value(problem, problem.start())
    assert problem.spent.tolist() == [objective.forwards] * 2


def test_a_fading_weight_falls_in_a_straight_line_and_stays_at_zero() -> None:
    fading = Fading(2.0, 8)
    assert [fading.at(step) for step in (0, 2, 4, 8, 20)] == [2.0, 1.5, 1.0, 0.0, 0.0]


def test_multipliers_move_by_the_ratio_and_pull_in_proportion() -> None:
    objective = Objective(independence=0.25, multipliers=10)
    problem = problem_of("deep-3-k1", range(3))
    start = problem.start()
    now = objective.updated(problem, start, 0.0)
    assert torch.allclose(torch.as_tensor(now), 0.5 * ratios(problem, start))
    pulled = objective.value(problem, start, multipliers=now) - objective.value(problem, start)
    assert torch.allclose(pulled, (now * ratios(problem, start)).sum(-1))


def test_multipliers_drive_the_ratio_to_zero_where_a_penalty_of_the_same_weight_does_not() -> None:
    left = []
    for multipliers in (None, 50):
        problem = problem_of("fir-natural", range(8))
        phase = Phase(Objective(independence=0.05, multipliers=multipliers), AdamRule(0.02))
        end = train(problem, problem.start(), phase, 1000)
        left.append(float(problem.log_generic_ratio(end).abs().median()))
        updates = 0 if multipliers is None else 999 // 50
        assert float(problem.spent[0]) == 6 * 1000 + updates + 1
    assert left[1] < 0.1 * left[0]


@pytest.mark.parametrize(
    "settings",
    [
        {"fit": 0.0},
        {"fit": 0.5},
        {"independence": Fading(1.0, 5), "multipliers": 5},
        {"independence": 1.0, "target": 0.1, "multipliers": 5},
        {"independence": 1.0, "ratios": "intervened", "multipliers": 5},
    ],
)
def test_what_is_no_objective_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"objective|multipliers"):
        Objective(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([(range(3),)], "step 3 of 5 belongs to no phase"),
        ([(range(3),), (range(2, 5),)], "step 2 of 5 is not that of one phase alone"),
        ([(range(6),)], "step 5 of 5 is not that of one phase alone"),
    ],
)
def test_every_step_belongs_to_one_phase(steps: list[tuple[range, ...]], why: str) -> None:
    problem = problem_of("fir-natural", [0])
    with pytest.raises(ValueError, match=why):
        train(problem, problem.start(), [Phase(Objective(), DescentRule(0.1), own) for own in steps], 5)


def test_training_on_some_samples_is_charged_for_those_and_sees_no_other() -> None:
    problem = problem_of("fir-samples", range(2))
    seen = torch.arange(64)
    end = train(problem, problem.start(), Phase(Objective(), AdamRule(0.02)), 5, samples=seen)
    assert problem.spent.tolist() == [3 * 5 * 64 / 256] * 2
    other = problem_of("fir-samples", range(2))
    other.observations[:, 64:] = torch.nan
    again = train(other, other.start(), Phase(Objective(), AdamRule(0.02)), 5, samples=seen)
    assert all(torch.equal(value, again[name]) for name, value in end.items())


def test_a_trace_keeps_the_steps_that_are_watched() -> None:
    problem, trace = problem_of("fir-natural", range(2)), Trace({})
    train(problem, problem.start(), Phase(Objective(), AdamRule(0.02)), 6, watch=trace, watched={0, 4})
    assert list(trace.path) == [0, 4]
    shorter = train(problem, problem.start(), Phase(Objective(), AdamRule(0.02)), 4, cosine=False)
    longer: Trace = Trace({})
    train(problem, problem.start(), Phase(Objective(), AdamRule(0.02)), 6, cosine=False, watch=longer, watched=[4])
    assert all(torch.equal(value, longer.path[4][name]) for name, value in shorter.items())

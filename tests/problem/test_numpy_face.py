"""What a problem offers to code that knows numpy alone: flat parameters, seeds, points on the way."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from draws import problem_of

from indmech_bench import AdamRule, Objective, Phase, train
from indmech_bench.problem.faces.curve import POINTS, curve_steps
from indmech_bench.scm.streams import streams

TASKS = ("fir-natural", "fir-samples", "linear-gaussian-natural")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("objective", [None, Objective(independence=0.3, decay=0.1)], ids=["fit", "more"])
def test_value_and_gradient_are_those_of_autograd_and_cost_as_much(task: str, objective: Objective | None) -> None:
    problem, other = problem_of(task, [3, 4]), problem_of(task, [3, 4])
    flat = problem.flat(problem.start())
    values, gradients = problem.value_and_gradient(flat, objective)
    moving = {name: value.requires_grad_() for name, value in other.start().items()}
    wanted = (objective or Objective()).value(other, moving)
    wanted.sum().backward()
    assert values.shape == (2,)
    assert gradients.dtype == np.float64
    np.testing.assert_allclose(values, wanted.detach().numpy(), rtol=1e-10)
    expected = other.flat({name: value.grad for name, value in moving.items() if value.grad is not None})
    np.testing.assert_allclose(gradients, expected, rtol=1e-8, atol=1e-10)
    assert torch.equal(problem.spent, other.spent)


def test_one_replicate_needs_no_axis_of_replicates() -> None:
    problem = problem_of("fir-natural", [3])
    (flat,) = problem.flat(problem.start())
    value, gradient = problem.value_and_gradient(flat)
    assert isinstance(value, float)
    assert gradient.shape == flat.shape
    named = problem.unflat(flat)
    assert all(torch.equal(named[name], start) for name, start in problem.start().items())
    arrays = {name: value[0].numpy() for name, value in named.items()}
    solved = [problem.solution(parameters).parameters for parameters in (named, arrays)]
    assert solved[0] is not None
    assert solved[1] is not None
    assert all(torch.equal(solved[0][name], solved[1][name]) for name in named)


def test_arrays_of_wrong_shapes_are_told_the_right_ones() -> None:
    problem = problem_of("fir-natural", [3, 4])
    arrays = {name: value.numpy() for name, value in problem.start().items()}
    assert problem.solution(arrays).parameters is not None
    with pytest.raises(ValueError, match=r"'k1': \(2, 9\).*not \{'k1': \(9,\)"):
        problem.solution({name: value[0] for name, value in arrays.items()})
    with pytest.raises(ValueError, match=r"the shape \(2, 14\), not \(14,\)"):
        problem.unflat(np.zeros(14))


def test_seeds_are_the_replicates_own_and_no_row_s() -> None:
    among, alone = problem_of("fir-natural", range(6)), problem_of("fir-natural", [4])
    assert among.seeds[4:5] == alone.seeds
    assert len(set(among.seeds)) == 6
    assert all(0 <= seed < 2**32 and seed > 6 for seed in among.seeds)
    assert problem_of("fork", [4]).seeds != alone.seeds
    truth = streams("truth", "", "fir-natural", {}, 1, [4])
    assert truth.integers("seeds") != alone.seeds


@pytest.mark.parametrize("task", TASKS)
def test_a_curve_changes_no_bit_and_begins_and_ends_with_the_training(task: str) -> None:
    phase, ends = Phase(Objective(independence=0.1), AdamRule(0.02)), []
    seen: list[int] = []
    for curves in (False, True):
        problem = problem_of(task, [3, 4], curves=curves)
        ends.append(train(problem, problem.start(), phase, 60, watch=lambda step, _: seen.append(step), watched=[7]))
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])
    assert seen == [7, 7]
    assert problem.curve is not None
    points = problem.curve.points
    assert [*points] == [*curve_steps(60), 60]
    assert all(torch.equal(points[60][name], ends[1][name]) for name in ends[1])
    assert all(torch.equal(points[0][name], value) for name, value in problem.start().items())
    train(problem, ends[1], phase, 5)
    assert max(points) == 65


def test_of_many_starts_and_of_one_s_own_functions_there_is_no_curve_but_what_is_watched() -> None:
    problem = problem_of("fir-natural", [3, 4], curves=True)
    train(problem, problem.start(starts=3), Phase(Objective(), AdamRule(0.02)), 4)
    train(problem, problem.start(), Phase(lambda raw, batch: problem.loss(raw, batch), AdamRule(0.02)), 4)
    assert problem.curve is not None
    assert problem.curve.points == {}
    problem.watch(9, {name: value.numpy() for name, value in problem.start().items()})
    assert [*problem.curve.points] == [9]
    with pytest.raises(ValueError, match="needs parameters of shapes"):
        problem.watch(10, problem.start(starts=3))


@pytest.mark.parametrize("steps", [1, 2, 40, 2000, 10**6])
def test_steps_of_a_curve_are_few_and_begin_at_the_start(steps: int) -> None:
    found = curve_steps(steps)
    assert found[0] == 0
    assert max(found) < steps or steps == 1
    assert len(found) <= POINTS
    assert found == sorted(set(found))

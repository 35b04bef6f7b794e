"""Gauss-Newton polishing: how near it comes, which way it goes, what it costs."""

from __future__ import annotations

import pytest
import torch
from draws import kernels, problem_of, truth_of
from torch import Tensor

from indmech_bench.problem.gauss_newton import levenberg_marquardt
from indmech_bench.problem.problem import Problem


def perturbed(size: float, starts: int) -> tuple[Problem, dict[str, Tensor]]:
    """A problem, and starts around its truth."""
    truth = truth_of("fir-natural", range(6))
    noise = kernels(0, (9, 5), 6, starts)
    problem = problem_of("fir-natural", range(6))
    return problem, {name: value[:, None] + size * noise[name] for name, value in truth.parameters.items()}


@pytest.mark.parametrize("size", [1e-9, 1e-6, 1e-3, 1e-2])
def test_polishing_reaches_rounding_from_near_the_truth(size: float) -> None:
    problem, start = perturbed(size, 3)
    polished, loss = levenberg_marquardt(problem, start)
    assert float(loss.max()) < 1e-20
    assert torch.allclose(problem.loss(polished), loss, rtol=1e-12)


def test_polishing_converges_within_a_few_steps() -> None:
    problem, start = perturbed(1e-3, 3)
    assert float(levenberg_marquardt(problem, start, steps=8)[1].max()) < 1e-20


def test_polishing_never_makes_a_loss_larger() -> None:
    problem = problem_of("fir-natural", range(6))
    start = problem.start(starts=4)
    assert bool((levenberg_marquardt(problem, start, steps=10)[1] < problem.loss(start)).all())


def test_polishing_goes_the_shortest_way_to_a_fit() -> None:
    problem, start = perturbed(1e-5, 3)
    polished, _ = levenberg_marquardt(problem, start)
    flat = [torch.cat(list(p.values()), -1) for p in (start, polished)]
    along_the_scale = torch.cat([polished["k1"], -polished["k2"]], -1)
    step = flat[1] - flat[0]
    cosines = (step * along_the_scale).sum(-1) / (step.norm(dim=-1) * along_the_scale.norm(dim=-1))
    assert float(cosines.abs().max()) < 1e-3


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_row_that_is_not_finite_stays_alone_in_polishing(bad: float) -> None:
    problem, start = perturbed(0.1, 3)
    before, loss_before = levenberg_marquardt(problem, start)
    start["k2"][2, 1, 0] = bad
    after, loss_after = levenberg_marquardt(problem, start)
    others = torch.ones(6, 3, dtype=torch.bool)
    others[2, 1] = False
    for name, value in before.items():
        assert torch.equal(value[others], after[name][others])
    assert torch.equal(loss_before[others], loss_after[others])
    assert not bool(loss_after[2, 1].isfinite())
    assert torch.equal(after["k1"][2, 1], start["k1"][2, 1])


def test_a_row_is_polished_the_same_alone_and_among_others() -> None:
    problem, start = perturbed(0.1, 3)
    together, _ = levenberg_marquardt(problem, start)
    alone, _ = levenberg_marquardt(
        problem_of("fir-natural", [4]), {name: value[4:5, 1] for name, value in start.items()}
    )
    assert all(torch.equal(value[4, 1], alone[name][0]) for name, value in together.items())


def test_polishing_costs_each_row_its_jacobian_and_a_loss_a_step() -> None:
    problem, start = perturbed(0.1, 3)
    levenberg_marquardt(problem, start, steps=1)
    assert problem.spent.tolist() == [3 + 3 * (14 + 1)] * 6


def test_polishing_stops_where_the_budget_ends() -> None:
    problem = problem_of("fir-natural", range(6), budget=100)
    levenberg_marquardt(problem, perturbed(0.1, 3)[1])
    assert problem.spent.tolist() == [3 + 2 * 3 * (14 + 1)] * 6


def test_a_mechanism_that_many_environments_share_is_polished_beyond_128_parameters() -> None:
    problem = problem_of("environments-4:environments=14", [0])
    start = {name: value + 0.05 * problem.randn(name, *value.shape[1:]) for name, value in problem.start(0.5).items()}
    _, loss = levenberg_marquardt(problem, start, 60)
    assert float(loss) < 1e-12

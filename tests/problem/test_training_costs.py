"""What training costs, and when it is charged."""

from __future__ import annotations

import pytest
from draws import problem_of
from torch import Tensor

from indmech_bench.errors import BudgetExceededError
from indmech_bench.problem.phase import DescentRule, Phase
from indmech_bench.problem.training import train
from indmech_bench.registry.registration import get_method
from indmech_bench.scm.parameters import Parameters


@pytest.mark.parametrize(("starts", "forwards"), [(None, 1), (4, 1), (3, 2)])
def test_the_cost_is_three_passes_a_step_start_and_forward(starts: int | None, forwards: int) -> None:
    problem = problem_of("fir-natural", range(3))
    phase = Phase(problem.loss, DescentRule(0.01), forwards=forwards)
    train(problem, problem.start(starts=starts), phase, 7)
    assert problem.spent.tolist() == [3 * 7 * (starts or 1) * forwards] * 3


def test_a_pass_with_gradient_costs_three_and_without_one() -> None:
    problem = problem_of("fir-natural", range(2))
    start = problem.start(starts=4)
    problem.loss(start)
    problem.log_generic_ratio(start)
    assert problem.spent.tolist() == [8, 8]
    problem.loss({name: value.requires_grad_() for name, value in start.items()})
    assert problem.spent.tolist() == [8 + 12] * 2


def test_the_cost_is_charged_before_the_first_step() -> None:
    problem = problem_of("fir-natural", range(2))
    spent: list[float] = []

    def objective(parameters: Parameters, batch: Tensor | None) -> Tensor:
        spent.append(float(problem.spent[0]))
        return problem.loss(parameters)

    train(problem, problem.start(), Phase(objective, DescentRule(0.01)), 5)
    assert spent == [15.0] * 5


def test_a_budget_that_does_not_suffice_ends_training_before_it_begins() -> None:
    problem = problem_of("fir-natural", range(2), budget=14)
    called: list[int] = []

    def objective(parameters: Parameters, batch: Tensor | None) -> Tensor:
        called.append(1)
        return problem.loss(parameters)

    with pytest.raises(BudgetExceededError):
        train(problem, problem.start(), Phase(objective, DescentRule(0.01)), 5)
    assert not called


@pytest.mark.parametrize(
    ("method", "cost"),
    [
        ("adam", 3 * 20),
        ("alternating", 3 * 20),
        ("independence-penalty", 6 * 16 + 3 * 4),
        ("independence-penalty:release=0", 6 * 20),
    ],
)
def test_methods_pay_for_their_steps_and_one_last_loss(method: str, cost: int) -> None:
    problem = problem_of("fir-natural", range(2))
    get_method(f"{method}{',' if ':' in method else ':'}steps=20").fit(problem)
    assert problem.spent.tolist() == [cost + 1] * 2

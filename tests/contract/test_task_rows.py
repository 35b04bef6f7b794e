"""The contract of tasks: a row's bits depend on nothing but its own seed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pytest
import torch
from contracts import each_task
from draws import problem_of
from torch import Tensor

from indmech_bench.problem.objective import Objective
from indmech_bench.problem.phase import AdamRule, Phase
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.training import train
from indmech_bench.scm.parameters import Parameters

BATCHES = {"first of 4": (3, 0, 1, 2), "last of 3": (14, 15, 3), "second of 7": (11, 3, 5, 6, 7, 8, 9)}


@lru_cache(maxsize=8)
def posed(name: str, seeds: tuple[int, ...]) -> Problem:
    return problem_of(name, seeds)


def minibatch(problem: Problem) -> Tensor | None:
    return next(iter(problem.minibatches(8, 1)))


def five_steps(problem: Problem, start: Parameters) -> list[Tensor]:
    """Adam on the loss of minibatches with a penalty."""
    phase = Phase(Objective(independence=1.0), AdamRule(0.02))
    return [*train(problem, start, phase, 5, batch=8).values()]


WHAT: dict[str, Callable[[Problem], list[Tensor]]] = {
    "observations": lambda problem: [problem.observations],
    "start": lambda problem: [*problem.start(starts=3).values()],
    "loss": lambda problem: [problem.loss(problem.start()), problem.loss(problem.start(starts=3))],
    "loss of a minibatch": lambda problem: [problem.loss(problem.start(), minibatch(problem))],
    "ratios": lambda problem: [problem.log_generic_ratios(problem.start(starts=3))],
    "training": lambda problem: five_steps(problem, problem.start()),
    "training of three starts": lambda problem: five_steps(problem, problem.start(starts=3)),
}


@each_task
@pytest.mark.parametrize("batch", BATCHES)
def test_a_row_has_the_same_bits_alone_and_in_a_batch(name: str, batch: str) -> None:
    seeds = BATCHES[batch]
    for what, made in WHAT.items():
        for alone, among in zip(made(posed(name, (3,))), made(posed(name, seeds)), strict=True):
            assert torch.equal(alone[0], among[seeds.index(3)]), what


@each_task
def test_a_row_of_nan_changes_no_bit_of_its_neighbours(name: str) -> None:
    problem = posed(name, (0, 1, 2, 3))
    start = problem.start()
    before = five_steps(problem, start)
    for value in start.values():
        value[1] = torch.nan
    after = five_steps(problem, start)
    for clean, beside in zip(before, after, strict=True):
        assert torch.equal(clean[[0, 2, 3]], beside[[0, 2, 3]])
        assert bool(beside[1].isnan().all())


@each_task
def test_training_moves_every_parameter(name: str) -> None:
    problem = posed(name, (3,))
    start = problem.start()
    for before, after in zip(start.values(), five_steps(problem, start), strict=True):
        assert bool((after != before).all())

"""The shared training loop: whose turn a step is, at which rate it goes, and what it leaves alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from draws import problem_of
from torch import Tensor

from indmech_bench.problem.objective import Objective
from indmech_bench.problem.phase import AdamRule, DescentRule, Phase, StepRule
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.training import train
from indmech_bench.registry.registration import get_method
from indmech_bench.scm.parameters import Parameters


def total(parameters: Parameters) -> Tensor:
    return parameters["k1"].sum(-1) + parameters["k2"].sum(-1)


COSINE = [(1 + math.cos(math.pi * step / 10)) / 2 for step in range(10)]


def rates_of_steps(steps: int, *turns: tuple[range, ...]) -> list[float]:
    """How far each step goes on a slope of 1, at a rate of 1; `turns`: the steps of each phase."""
    seen: list[float] = []

    def slope(parameters: Parameters, batch: Tensor | None) -> Tensor:
        seen.append(float(parameters["k1"][0, 0].detach()))
        return total(parameters)

    problem = problem_of("fir-natural", [0])
    phases = [Phase(slope, DescentRule(1.0), own_steps) for own_steps in turns]
    end = train(problem, problem.start(), phases, steps)
    return list(-np.diff([*seen, float(end["k1"][0, 0])]))


def test_rates_follow_a_cosine_to_zero() -> None:
    assert np.allclose(rates_of_steps(10, (range(10),)), COSINE, atol=1e-12)


def test_phases_that_alternate_share_the_cosine() -> None:
    assert np.allclose(rates_of_steps(10, (range(0, 10, 2),), (range(1, 10, 2),)), COSINE, atol=1e-12)


def test_a_phase_that_moves_late_moves_at_the_rate_of_its_step() -> None:
    assert np.allclose(rates_of_steps(10, (range(5),), (range(5, 10),)), COSINE, atol=1e-12)


def test_phases_move_in_turn_and_are_charged_by_their_own_forwards() -> None:
    problem = problem_of("fir-natural", [0])
    moved: list[int] = []

    def phase(index: int, *steps: range) -> Phase:
        def objective(parameters: Parameters, batch: Tensor | None) -> Tensor:
            moved.append(index)
            return total(parameters)

        return Phase(objective, DescentRule(0.1), steps, forwards=index + 1)

    phases = [phase(0, range(0, 4, 3)), phase(1, range(1, 3), range(5, 6)), phase(2, range(4, 5))]
    train(problem, problem.start(), phases, 6)
    assert moved == [0, 1, 1, 0, 2, 1]
    assert problem.spent.tolist() == [3 * (1 + 2 + 2 + 1 + 3 + 2)]


def test_alternating_fits_only_in_the_last_fifth(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    for name in ("loss", "log_generic_ratios"):
        original = getattr(Problem, name)

        def noted(*given: Any, name: str = name, original: Callable[..., Tensor] = original) -> Tensor:
            called.append(name)
            return original(*given)

        monkeypatch.setattr(Problem, name, noted)
    get_method("alternating:steps=20").fit(problem_of("fir-natural", [0], training="plain"))
    assert called == ["loss", "log_generic_ratios"] * 8 + ["loss"] * 4 + ["loss"]


@pytest.mark.parametrize("bad", [torch.inf, torch.nan, 1e200])
@pytest.mark.parametrize("rule", [DescentRule(0.3), AdamRule(0.02)], ids=["descent", "adam"])
def test_a_replicate_that_diverges_changes_no_bit_of_the_others(rule: StepRule, bad: float) -> None:
    problem = problem_of("fir-natural", range(5))
    start = problem.start()
    before = train(problem, start, Phase(Objective(), rule), 30)
    start["k1"][3] = bad
    after = train(problem, start, Phase(Objective(), rule), 30)
    others = [0, 1, 2, 4]
    for name, value in before.items():
        assert torch.equal(value[others], after[name][others])
    assert not bool(problem.loss(after)[3] < 1)


def test_training_leaves_its_start_as_it_was() -> None:
    problem = problem_of("fir-natural", range(2))
    start = problem.start()
    train(problem, start, Phase(Objective(), DescentRule(0.3)), 5)
    assert all(torch.equal(value, problem.start()[name]) for name, value in start.items())


def test_training_many_starts_is_training_each() -> None:
    problem = problem_of("fir-natural", range(2))
    start = problem.start(starts=3)
    together = train(problem, start, Phase(Objective(), AdamRule(0.02)), 20)
    for s in range(3):
        alone = train(problem, {n: v[:, s] for n, v in start.items()}, Phase(Objective(), AdamRule(0.02)), 20)
        assert all(torch.equal(value[:, s], alone[name]) for name, value in together.items())

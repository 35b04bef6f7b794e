"""Phases as numbers for the kernel: what objectives pull towards, rules, and the sizes of steps."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from indmech_bench.problem.engine.arrays import Floats, Integers, Real
from indmech_bench.problem.objective import Fading, Objective
from indmech_bench.problem.phase import AdamRule, DescentRule, Phase

EPSILON = 1e-8
"""Adam's, as in torch.optim.Adam."""


def is_known(phases: Sequence[Phase]) -> bool:
    """Whether the kernel knows what these phases minimise and how they step.

    Multipliers move at steps of their own phase alone, so with several phases there may be none.
    """
    for phase in phases:
        if type(phase.objective) is not Objective or type(phase.rule) not in (AdamRule, DescentRule):
            return False  # a class built on one of them may do otherwise
        if phase.objective.multipliers is not None and len(phases) > 1:
            return False
    return True


def settings_of(phase: Phase) -> list[float]:
    """Target and tolerance of log rho, decay, longest gradient."""
    objective = phase.objective
    assert isinstance(objective, Objective)
    return [objective.target, objective.tolerance, objective.decay, phase.clip or 0.0]


def rule_of(phase: Phase) -> list[float]:
    """The numbers of its rule."""
    rule = phase.rule
    if isinstance(rule, AdamRule):
        b1, b2 = rule.betas
        return [b1, 1 - b1, b2, 1 - b2, EPSILON]
    assert isinstance(rule, DescentRule)
    return [rule.momentum, rule.weight_decay, 0.0, 0.0, 0.0]


def every_of(phase: Phase) -> int:
    """Steps between two moves of its multipliers; 0 where it has none."""
    assert isinstance(phase.objective, Objective)
    return phase.objective.multipliers or 0


def weights_of(objective: Objective, steps: Integers) -> Floats:
    """Weight of independence at each step, (B,)."""
    weight = objective.independence
    if isinstance(weight, Fading):
        return weight.weight * np.maximum(0.0, 1 - steps / weight.until)
    return np.full(len(steps), weight or 0.0)


class Clock:
    """Hands out the sizes of steps block by block, so that they take no more room for more steps."""

    def __init__(self, phases: Sequence[Phase], order: Integers, cosine: bool, dtype: Real) -> None:
        """The sizes of the steps of phases.

        Args:
            phases: known ones.
            order: (steps,) the phase of each step.
            cosine: whether rates follow a cosine to 0 over all steps.
            dtype: of the numbers.
        """
        self._phases, self._order, self._cosine, self._dtype = phases, order, cosine, dtype
        self._taken = np.zeros(len(phases), dtype=np.int64)

    def block(self, begin: int, end: int) -> tuple[Floats, Floats, Floats]:
        """Size, root and weight of independence of the steps from `begin` to `end`, which follow those given before."""
        steps, phase = np.arange(begin, end), self._order[begin:end]
        falling = (1 + np.cos(math.pi * steps / len(self._order))) / 2 if self._cosine else np.ones(len(steps))
        sizes, roots, weights = np.zeros(len(steps)), np.ones(len(steps)), np.zeros(len(steps))
        for h, each in enumerate(self._phases):
            own = phase == h
            count = self._taken[h] + 1 + np.arange(own.sum())
            self._taken[h] += own.sum()
            rule, objective = each.rule, each.objective
            assert isinstance(objective, Objective)
            weights[own] = weights_of(objective, steps[own])
            if isinstance(rule, AdamRule):
                sizes[own] = rule.learning_rate * falling[own] / (1 - rule.betas[0] ** count)
                roots[own] = 1 / np.sqrt(1 - rule.betas[1] ** count)
            else:
                assert isinstance(rule, DescentRule)
                sizes[own] = rule.learning_rate * falling[own]
        return sizes.astype(self._dtype), roots.astype(self._dtype), weights.astype(self._dtype)

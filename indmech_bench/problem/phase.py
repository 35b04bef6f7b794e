"""A phase of training: what is minimised, by which rule, at which steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indmech_bench.problem.objective import AnyObjective, Objective
from indmech_bench.problem.rules import StepRule


@dataclass(frozen=True)
class Phase:
    """An objective with a step rule of its own, and the steps at which it moves the parameters.

    objective: data (`Objective`), or a function of your own.
    rule: the optimiser; its state (moments) is the phase's own.
    steps: the steps that are the phase's, ascending ranges; None for all.
    clip: largest norm of the gradient of a replicate (and start), longer ones are shortened; None for no limit.
    forwards: what one evaluation of a function of your own costs, in forward passes (a loss 1, a loss and rho 2); of a
        loss on a minibatch of m of N samples m / N are charged. An `Objective` knows its own cost.
    """

    objective: AnyObjective
    rule: StepRule
    steps: tuple[range, ...] | None = None
    clip: float | None = None
    forwards: int = 1

    def cost(self, share: float) -> float:
        """Forward passes of one step on a share of the samples."""
        if not isinstance(self.objective, Objective):
            return self.forwards - 1 + share
        return self.objective.forwards - self.objective.fit * (1 - share)


def order_of(phases: Sequence[Phase], steps: int) -> NDArray[np.int64]:
    """The phase of each step, (steps,). Raises ValueError where a step is not that of one phase alone."""
    order = np.full(steps, -1)
    for index, phase in enumerate(phases):
        for part in phase.steps or (range(steps),):
            if not len(part):
                continue
            inside = min(part) >= 0 and max(part) < steps
            taken = [step for step in part if not 0 <= step < steps] if not inside else np.array(part)[order[part] >= 0]
            if len(taken):
                raise ValueError(f"step {taken[0]} of {steps} is not that of one phase alone")
            order[part] = index
    if (order < 0).any():
        raise ValueError(f"step {int(order.argmin())} of {steps} belongs to no phase")
    return order

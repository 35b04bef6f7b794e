"""A phase of training: what is minimised, by which step rule, at which steps. All of it can be data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import SGD, Adam, Optimizer

from indmech_bench.problem.objective import AnyObjective, Objective

StepRule = Callable[[Iterable[Tensor]], Optimizer]
"""Tensors -> an element-wise torch optimiser, whose steps mix no replicates: a rule below, or your own."""


@dataclass(frozen=True)
class AdamRule:
    """Adam (Kingma and Ba, ICLR 2015; torch.optim.Adam)."""

    learning_rate: float
    betas: tuple[float, float] = (0.9, 0.999)

    def __call__(self, tensors: Iterable[Tensor]) -> Optimizer:
        return Adam(tensors, lr=self.learning_rate, betas=self.betas)


@dataclass(frozen=True)
class DescentRule:
    """Gradient descent, with heavy-ball momentum and weight decay where they are not 0 (torch.optim.SGD).

    weight_decay is added to the gradient after it has been clipped; a decay that is part of what is minimised stands in
    the `Objective`.
    """

    learning_rate: float
    momentum: float = 0.0
    weight_decay: float = 0.0

    def __call__(self, tensors: Iterable[Tensor]) -> Optimizer:
        return SGD(tensors, lr=self.learning_rate, momentum=self.momentum, weight_decay=self.weight_decay)


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

    @property
    def fits(self) -> bool:
        """Whether the observation has a part in what is minimised."""
        return not isinstance(self.objective, Objective) or bool(self.objective.fit)

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

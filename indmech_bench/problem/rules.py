"""Step rules as data: which optimiser moves the parameters, and how far."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from torch import Tensor
from torch.optim import SGD, Adam, Optimizer

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

"""Adam, stopped where samples that it has not seen are explained best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench import GradientMethod, Parameters, Problem, Solution, UnsupportedError, register_method


@register_method("early-stop")
@dataclass(frozen=True)
class EarlyStop(GradientMethod):
    """Minimise the fit loss on a part of the samples by Adam; keep the parameters that fit the other part best.

    Each replicate stops at a step of its own. Skips observations of the law itself: there is nothing to hold out.

    held_out: share of the samples that are held out.
    every: steps between two looks at the samples held out.
    Source: Prechelt (1998).
    """

    approach: ClassVar[str] = "fit"
    ranges: ClassVar[dict[str, str]] = {"held_out": "(0, 1)", "every": "[1, inf)"}
    grid: ClassVar[dict[str, list[float]]] = {"held_out": [0.1, 0.2, 0.4], "learning_rate": [0.005, 0.02, 0.05]}

    held_out: float = 0.2
    every: int = 20

    def fit(self, problem: Problem) -> Solution:
        if problem.samples == 1:
            raise UnsupportedError("the law itself is observed: there are no samples to hold out")
        # samples come in no order, so the last ones are as good as any
        last = min(max(1, math.ceil(self.held_out * problem.samples)), problem.samples - 1)
        seen, unseen = torch.arange(problem.samples).split([problem.samples - last, last])
        best = BestOnHeldOut(problem, unseen.expand(problem.replicates, -1))
        looks = range(0, self.steps, self.every)
        problem.spend(len(looks) * last / problem.samples)
        self.trained(problem, samples=seen, watch=best, watched=looks)
        with torch.no_grad():
            loss = problem.loss(best.parameters)
        return problem.solution(best.parameters, loss=loss, stopped_at=best.step)


class BestOnHeldOut:
    """A watch that keeps, replicate by replicate, the parameters with the least loss on samples held out."""

    def __init__(self, problem: Problem, held_out: Tensor) -> None:
        self.problem, self.held_out = problem, held_out
        self.parameters: dict[str, Tensor] = {}
        self.least = torch.full((problem.replicates,), torch.inf)
        self.step = torch.zeros(problem.replicates)

    def __call__(self, step: int, parameters: Parameters) -> None:
        with torch.no_grad():
            loss = self.problem.loss(parameters, self.held_out)
        better = loss < self.least
        self.least = torch.where(better, loss, self.least)
        self.step = torch.where(better, float(step), self.step)
        for name, value in parameters.items():
            now = value.detach()
            kept = self.parameters.get(name, now)
            self.parameters[name] = torch.where(better.view(-1, *[1] * (now.dim() - 1)), now, kept).clone()

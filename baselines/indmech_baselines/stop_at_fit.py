"""Adam, stopped at a given fit: what a regulariser that does not fit better has to be compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from indmech_bench import GradientMethod, Parameters, Problem, Solution, register_method


@register_method("stop-at-fit")
@dataclass(frozen=True)
class StopAtFit(GradientMethod):
    """Minimise the fit loss alone by Adam; keep the first parameters whose loss is at most `loss`.

    Each replicate stops at a step of its own; one that never comes there ends where training does. Unlike `early-stop`
    it holds nothing out: it is the control of a penalty that costs fit, at the same fit without the penalty.

    loss: the fit loss to stop at.
    every: steps between two looks.
    Source: Prechelt (1998), early stopping; the matched fit: docs/images.md.
    """

    approach: ClassVar[str] = "fit"
    ranges: ClassVar[dict[str, str]] = {"loss": "(0, inf)", "every": "[1, inf)"}
    grid: ClassVar[dict[str, list[float]]] = {"loss": [0.001, 0.01, 0.1]}

    loss: float = 0.01
    every: int = 10

    def fit(self, problem: Problem) -> Solution:
        first = FirstThatFits(problem, self.loss)
        looks = range(0, self.steps, self.every)
        problem.spend(len(looks) + 1)
        trained = self.trained(problem, watch=first, watched=looks)
        with problem.prepaid(0):
            first(self.steps, trained, last=True)
            with torch.no_grad():
                loss = problem.loss(first.parameters)
        return problem.solution(first.parameters, loss=loss, stopped_at=first.step)


class FirstThatFits:
    """A watch that keeps, replicate by replicate, the first parameters whose loss is at most a goal."""

    def __init__(self, problem: Problem, goal: float) -> None:
        self.problem, self.goal = problem, goal
        self.parameters: dict[str, torch.Tensor] = {}
        self.found = torch.zeros(problem.replicates, dtype=torch.bool)
        self.step = torch.full((problem.replicates,), torch.nan)

    def __call__(self, step: int, parameters: Parameters, last: bool = False) -> None:
        with torch.no_grad():
            fits = torch.full_like(self.found, last) | (self.problem.loss(parameters) <= self.goal)
        new = fits & ~self.found
        self.step = torch.where(new, float(step), self.step)
        self.found = self.found | fits
        for name, value in parameters.items():
            now = value.detach()
            kept = self.parameters.get(name, now)
            self.parameters[name] = torch.where(new.view(-1, *[1] * (now.dim() - 1)), now, kept).clone()

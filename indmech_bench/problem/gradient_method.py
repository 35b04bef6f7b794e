"""What gradient methods share: their settings, and how a training begins and ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from indmech_bench.problem.gauss_newton import levenberg_marquardt
from indmech_bench.problem.objective import Objective
from indmech_bench.problem.phase import AdamRule, Phase, StepRule
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.solution import Solution
from indmech_bench.problem.training import train
from indmech_bench.scm.parameters import Parameters


@dataclass(frozen=True)
class GradientMethod:
    """Base of methods that train: the fit loss by Adam, unless `rule` or `phases` say otherwise.

    learning_rate: initial step size; it falls to 0 along a cosine.
    steps: number of steps, all kinds counted.
    init_scale: standard deviation of the start; none for the problem's own.
    """

    ranges: ClassVar[dict[str, str]] = {"learning_rate": "(0, inf)", "steps": "[1, inf)", "init_scale": "[0, inf)"}

    learning_rate: float = 0.02
    steps: int = 2000
    init_scale: float | None = None

    def rule(self) -> StepRule:
        """The step rule."""
        return AdamRule(self.learning_rate)

    def phases(self, problem: Problem) -> Sequence[Phase]:
        """What is minimised, by which rule, at which steps."""
        return [Phase(Objective(), self.rule())]

    def start(self, problem: Problem, starts: int | None = None) -> dict[str, Tensor]:
        """Where training begins: (R, ...), or (R, starts, ...)."""
        return problem.start(self.init_scale, starts)

    def trained(self, problem: Problem, starts: int | None = None, **options: Any) -> dict[str, Tensor]:
        """The parameters that training ends at, from one start or from many; `options` of `train`."""
        return train(problem, self.start(problem, starts), self.phases(problem), self.steps, **options)


@dataclass(frozen=True)
class SingleStart(GradientMethod):
    """Base of methods that train once, from the start that all methods share.

    polish: end with at most 50 Levenberg-Marquardt steps on the fit alone.
    """

    polish: bool = False

    def fit(self, problem: Problem) -> Solution:
        return self.concluded(problem, self.trained(problem))

    def concluded(
        self, problem: Problem, parameters: Parameters, path: Mapping[int, Parameters] | None = None, **details: Tensor
    ) -> Solution:
        """The solution with these parameters, polished if asked; its fit loss (and that before) among the details."""
        with torch.no_grad():
            loss = problem.loss(parameters)
        if not self.polish:
            return problem.solution(parameters, path, loss=loss, **details)
        polished, after = levenberg_marquardt(problem, parameters)
        return problem.solution(polished, path, loss_before_polish=loss, loss=after, **details)

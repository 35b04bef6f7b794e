"""Levenberg-Marquardt on the fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from indmech_baselines.criteria import ByCriterion, criterion_named
from indmech_bench import Problem, Solution, levenberg_marquardt, pick, register_method, require_normal_equations


@register_method("levenberg-marquardt")
@dataclass(frozen=True)
class LevenbergMarquardt(ByCriterion):
    """Minimise the fit loss by theta <- theta - (J'J + mu I)^-1 J'r from several starts; take one by a criterion.

    mu falls tenfold after a step that lowers the loss and rises tenfold after one that does not. All replicates and
    starts take their steps at once, each with its own mu. Costs one unit a parameter and step: a second-order method is
    no cheaper by the budget.

    criterion: fit, or among the starts that fit: independence, norm, likelihood, flatness or combined
        (`indmech_baselines.criteria`).
    starts: number of starts.
    steps: at most so many steps a start; it ends earlier at a loss of 1e-28 or where no step gains.
    init_scale: standard deviation of the start; none for the problem's own.
    Skips problems of more than 128 parameters and those without residuals (samples of linear models).
    Source: Levenberg (1944); Marquardt (1963).
    """

    approach: ClassVar[str] = "fit"
    ranges: ClassVar[dict[str, str]] = {"starts": "[1, inf)", "steps": "[1, inf)", "init_scale": "[0, inf)"}
    grid: ClassVar[dict[str, list[str | int]]] = {
        "criterion": ["fit", "independence", "norm", "flatness", "combined"],
        "starts": [16, 64],
    }

    besides = ("fit",)

    criterion: str = "fit"
    starts: int = 16
    steps: int = 200
    init_scale: float | None = None

    def fit(self, problem: Problem) -> Solution:
        require_normal_equations(problem)
        with torch.no_grad():
            fitted, loss = levenberg_marquardt(problem, problem.start(self.init_scale, self.starts), self.steps)
            fits = problem.fits(loss)
            value = loss if self.criterion == "fit" else criterion_named(self.criterion)(problem, fitted)
        chosen = problem.least(value, ~loss.isnan() if self.criterion == "fit" else fits)
        rows = torch.arange(problem.replicates)
        return problem.solution(
            pick(fitted, chosen), start=chosen, starts_that_fit=fits.sum(-1), loss=loss[rows, chosen]
        )

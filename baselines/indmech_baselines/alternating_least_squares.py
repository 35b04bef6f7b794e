"""Alternating least squares: one mechanism at a time, the others held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench import Problem, Solution, UnsupportedError, damped_solve, flatten, pick, register_method, unflatten

RIDGE = 1e-12
"""Damping of each solve, relative to the mean diagonal of J'J."""


@register_method("alternating-least-squares")
@dataclass(frozen=True)
class AlternatingLeastSquares:
    """theta_k <- argmin |J_k theta_k - c| in turn: the composite c = k_1 * ... * k_K is linear in each kernel alone.

    Several starts, the best fit taken. The loss never rises, but converges linearly.

    starts: number of starts.
    sweeps: how often every parameter vector is solved for.
    init_scale: standard deviation of the start; none for the problem's own.
    Skips observations that are not linear in each mechanism: all but the impulse.
    Source: Carroll and Chang (1970); for blind deconvolution Ayers and Dainty (1988).
    """

    approach: ClassVar[str] = "fit"
    ranges: ClassVar[dict[str, str]] = {"starts": "[1, inf)", "sweeps": "[1, inf)", "init_scale": "[0, inf)"}

    starts: int = 16
    sweeps: int = 200
    init_scale: float | None = None

    def fit(self, problem: Problem) -> Solution:
        if problem.kind != "impulse":
            raise UnsupportedError(f"the {problem.kind} of the output is not linear in each mechanism")
        with torch.no_grad():
            solved = problem.start(self.init_scale, self.starts)
            for _ in range(self.sweeps):
                for name in problem.shapes:
                    solved[name] = self._solved(problem, solved, name)
            loss = problem.loss(solved)
        chosen = problem.least(loss, ~loss.isnan())
        rows = torch.arange(problem.replicates)
        return problem.solution(
            pick(solved, chosen), start=chosen, starts_that_fit=problem.fits(loss).sum(-1), loss=loss[rows, chosen]
        )

    @staticmethod
    def _solved(problem: Problem, parameters: dict[str, Tensor], name: str) -> Tensor:
        """The best value of one parameter vector: exact, since the residuals are linear in it."""
        shapes = {name: problem.shapes[name]}
        step = damped_solve(problem.jacobian(parameters, [name]), problem.residuals(parameters), RIDGE)
        return unflatten(flatten(parameters, shapes) - step, shapes)[name]

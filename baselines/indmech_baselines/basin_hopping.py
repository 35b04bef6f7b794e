"""Basin hopping along the set of solutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from indmech_baselines.criteria import ByCriterion, criterion_named
from indmech_bench import (
    GradientMethod,
    Problem,
    Solution,
    is_less,
    levenberg_marquardt,
    register_method,
    require_normal_equations,
)


@register_method("basin-hopping")
@dataclass(frozen=True)
class BasinHopping(ByCriterion, GradientMethod):
    """Run `adam` once, polish; then kick the first mechanism, refit everything, and keep the hop if it is better.

    A kick adds kick |theta_1| z / sqrt(p) to the first mechanism, z standard normal; Levenberg-Marquardt refits it and
    all others: a step along the gauge that the observation does not see, projected back onto the solutions. A hop is
    kept where the refit fits the observation and the criterion is lower (temperature 0), at a tie in half of the cases.

    criterion: independence, norm, likelihood, flatness or combined (`indmech_baselines.criteria`).
    hops: number of kicks.
    kick: size of a kick relative to the mechanism's norm.
    refit: Levenberg-Marquardt steps of a refit, at most.
    Skips what Levenberg-Marquardt skips.
    Source: Wales and Doye (1997).
    """

    approach: ClassVar[str] = "evidence and independence"
    ranges: ClassVar[dict[str, str]] = {"hops": "[1, inf)", "kick": "(0, inf)", "refit": "[1, inf)"}
    grid: ClassVar[dict[str, list[float]]] = {"kick": [0.3, 1.0, 3.0], "hops": [20, 50]}

    criterion: str = "combined"
    hops: int = 50
    kick: float = 1.0
    refit: int = 50

    def fit(self, problem: Problem) -> Solution:
        require_normal_equations(problem)
        criterion = criterion_named(self.criterion)
        trained = self.trained(problem)
        with torch.no_grad():
            now, loss = levenberg_marquardt(problem, _with_starts(trained), self.refit)
            value = criterion(problem, now)
            accepted = torch.zeros(problem.replicates)
            for hop in range(self.hops):
                moved, new_loss = levenberg_marquardt(problem, self._kicked(problem, now, hop), self.refit)
                new_value = criterion(problem, moved)
                fits = problem.fits(torch.cat([loss, new_loss], -1))
                # one that has not fitted yet takes any hop that does; one that has, only a better criterion
                better = fits[:, 1:] & (~fits[:, :1] | self._lower(problem, hop, new_value, value) | value.isnan())
                now = {
                    name: torch.where(better.view(-1, *[1] * (held.dim() - 1)), moved[name], held)
                    for name, held in now.items()
                }
                loss, value = torch.where(better, new_loss, loss), torch.where(better, new_value, value)
                accepted += better[:, 0]
        return problem.solution({name: held[:, 0] for name, held in now.items()}, loss=loss[:, 0], hops=accepted)

    @staticmethod
    def _lower(problem: Problem, hop: int, new_value: Tensor, value: Tensor) -> Tensor:
        """Whether a hop is lower, or as low and drawn: the same solution at another scale of its mechanisms."""
        tied = ~is_less(new_value, value) & ~is_less(value, new_value)
        return is_less(new_value, value) | (tied & (problem.randn(f"tie {hop}", 1) > 0))

    def _kicked(self, problem: Problem, now: dict[str, Tensor], hop: int) -> dict[str, Tensor]:
        """The parameters with the first mechanism moved."""
        kicked = dict(now)
        for name in next(iter(problem.mechanisms.values())):
            flat = now[name].flatten(2)
            noise = problem.randn(f"kick {hop} {name}", 1, flat.shape[-1])
            size = self.kick * flat.square().mean(-1, keepdim=True).sqrt()
            kicked[name] = (flat + size * noise).view_as(now[name])
        return kicked


def _with_starts(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.unsqueeze(1) for name, value in parameters.items()}

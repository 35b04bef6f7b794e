"""Many starts, no choice: the laws of all solutions are averaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from indmech_baselines.criteria import ByCriterion, criterion_named
from indmech_baselines.many_starts import ManyStarts
from indmech_bench import Intervention, KernelModel, Problem, Solution, UnsupportedError, pick, register_method

SAME = 1e-6
"""Starts whose criterion and log rho differ by less have found the same solution."""


@register_method("averaging-min-norm", criterion="norm", sharpness=10.0)
@register_method("averaging-evidence", criterion="flatness", sharpness=0.5)
@dataclass(frozen=True)
class Averaging(ByCriterion, ManyStarts):
    """Run `adam` from many starts, polish; predict sqrt S_g = sum_s w_s sqrt S_g^(s), w ~ exp(-sharpness criterion).

    The sum is over the distinct solutions that fit: under each intervention the law of least weighted divergence to
    theirs. It hedges where a choice bets, and is seldom exact. With `flatness` and sharpness 1/2 this is Bayesian
    model averaging by Laplace's approximation; with `norm` a soft minimum norm (sharpness 10 chosen among 3, 6.5, 10
    and 20 on tuning seeds 10000-10255 of fir-natural, over all solutions). A law without parameters: metrics that
    need them are absent.

    criterion: norm, flatness, independence, likelihood, placebo or combined.
    sharpness: how fast weights fall with the criterion.
    Skips linear models, where the average has no closed form.
    Source: Hoeting, Madigan, Raftery, Volinsky (1999).
    """

    approach: ClassVar[str] = "average"
    ranges: ClassVar[dict[str, str]] = {"sharpness": "(0, inf)"}
    grid: ClassVar[dict[str, list[float]]] = {"learning_rate": [0.005, 0.02, 0.05]}

    criterion: str = "norm"
    sharpness: float = 10.0

    def fit(self, problem: Problem) -> Solution:
        if not isinstance(problem.model, KernelModel):
            raise UnsupportedError("the average of covariances has no closed form")
        found = self.found(problem)
        with torch.no_grad():
            weights = self._weights(problem, found.polished, found.fits)
        starts = range(self.starts)
        laws = [problem.solution(pick(found.polished, torch.full((problem.replicates,), s))).law for s in starts]

        def law(g: Intervention) -> Tensor:
            roots = torch.stack([law_of_start(g).sqrt() for law_of_start in laws], -1)
            # a start that does not fit has weight 0, and may be anything, NaN too
            return torch.where(weights.unsqueeze(1) > 0, roots * weights.unsqueeze(1), 0.0).sum(-1).square()

        return Solution(law, details={"solutions": (weights > 0).sum(-1)})

    def _weights(self, problem: Problem, parameters: dict[str, Tensor], fits: Tensor) -> Tensor:
        """Weights (R, S), their sum 1: 0 for starts that do not fit or repeat an earlier one; NaN if none fits."""
        values = criterion_named(self.criterion)(problem, parameters)
        ratios = problem.log_generic_ratio(parameters)
        counts = fits & ~values.isnan()
        near = [(value.unsqueeze(-1) - value.unsqueeze(-2)).abs() < SAME for value in (values, ratios)]
        earlier = torch.ones(self.starts, self.starts).tril(-1).bool()
        repeated = (near[0] & near[1] & earlier & counts.unsqueeze(-2)).any(-1)
        energy = torch.where(counts & ~repeated, values, torch.inf)
        weights = (-self.sharpness * (energy - energy.min(-1, keepdim=True).values)).exp()
        return (weights / weights.sum(-1, keepdim=True)).double()

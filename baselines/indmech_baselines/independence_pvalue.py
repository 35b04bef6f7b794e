"""The fit loss with a penalty on dependence that chance does not explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch

from indmech_baselines.regularised import Regularised
from indmech_bench import Objective, Phase, Problem, SingleStart, register_method


@register_method("independence-pvalue")
@dataclass(frozen=True)
class IndependencePvalue(Regularised, SingleStart):
    """Minimise fit + strength max(0, |log rho| - q)^2 by Adam, q the (1 - level) quantile of |log rho| under the null.

    Mechanisms drawn independently have log rho = 0 on average only: a solution that the null does not reject at `level`
    is left alone. The last steps fit only.

    strength: weight of the squared excess.
    level: the share of independent pairs that would be penalised.
    Source: the null of finite mechanisms, in place of the limit of Shajarisales et al. (ICML 2015).
    """

    approach: ClassVar[str] = "independence"
    ranges: ClassVar[dict[str, str]] = {"strength": "[0, inf)", "level": "(0, 1)"}
    grid: ClassVar[dict[str, list[float]]] = {"strength": [0.1, 1.0, 10.0], "level": [0.05, 0.5, 0.9]}

    strength: float = 1.0
    level: float = 0.5

    def phases(self, problem: Problem) -> Sequence[Phase]:
        chance = float(torch.quantile(problem.null.log_ratios.abs(), 1 - self.level))
        return self.released(Objective(independence=self.strength, ratios="intervened", tolerance=chance))

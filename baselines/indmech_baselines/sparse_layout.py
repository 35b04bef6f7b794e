"""The fit loss with a sparse first mechanism."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from indmech_baselines.regularised import Regularised
from indmech_bench import FacesModel, Objective, Parameters, Phase, Problem, SingleStart, register_method


@register_method("sparse-layout")
@dataclass(frozen=True)
class SparseLayout(Regularised, SingleStart):
    """Minimise fit + strength |m_1|_1 |m_2|_2 by Adam, cosine schedule; the last steps fit only.

    m_1 is the first mechanism, m_2 all others side by side: the product has no say in how scale is shared. Of faces the
    sum over parts of it, layouts averaged over faces. Knows the prior of layouts, which are a few spikes.

    strength: weight of the product, 0 or more.
    Source: Tibshirani (1996); for blind deconvolution Levin, Weiss, Durand and Freeman (CVPR 2009).
    """

    approach: ClassVar[str] = "sparsity"
    ranges: ClassVar[dict[str, str]] = {"strength": "[0, inf)"}
    grid: ClassVar[dict[str, list[float]]] = {"strength": [0.001, 0.006, 0.03], "learning_rate": [0.005, 0.02, 0.05]}

    strength: float = 0.006

    def phases(self, problem: Problem) -> Sequence[Phase]:
        def objective(parameters: Parameters, batch: Tensor | None) -> Tensor:
            loss = problem.loss(parameters, batch)
            return loss + self.strength * sparsity(problem, parameters, loss.dim())

        fit_only = self.released(Objective())[1:]
        return [Phase(objective, self.rule(), (range(self.regularised_steps),)), *fit_only]


def sparsity(problem: Problem, parameters: Parameters, lead: int) -> Tensor:
    """|m_1|_1 |m_2|_2, (R,) or (R, S), `lead` the number of these axes."""
    if isinstance(problem.model, FacesModel):
        return problem.model.sparsity(parameters)
    first, *others = (torch.cat([parameters[n].flatten(lead) for n in p], -1) for p in problem.mechanisms.values())
    return first.abs().sum(-1) * torch.cat(others, -1).square().sum(-1).sqrt()

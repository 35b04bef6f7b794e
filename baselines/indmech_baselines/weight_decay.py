"""The fit loss with weight decay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from indmech_baselines.regularised import Regularised
from indmech_bench import Objective, Phase, Problem, SingleStart, register_method


@register_method("weight-decay")
@dataclass(frozen=True)
class WeightDecay(Regularised, SingleStart):
    """Minimise fit + decay / 2 |parameters|^2 by Adam, cosine schedule; the last steps fit only.

    The decay is of the mechanisms. Its limit for a small decay is the minimum-norm solution, the largest rho at the fit
    (docs/theory.md).

    decay: strength of the decay, 0 or more.
    Source: Krogh and Hertz (NeurIPS 1991).
    """

    approach: ClassVar[str] = "norm"
    ranges: ClassVar[dict[str, str]] = {"decay": "[0, inf)"}
    grid: ClassVar[dict[str, list[float]]] = {"decay": [0.001, 0.01, 0.1], "learning_rate": [0.005, 0.02, 0.05]}

    decay: float = 0.01

    def phases(self, problem: Problem) -> Sequence[Phase]:
        return self.released(Objective(decay=self.decay))

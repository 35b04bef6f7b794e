"""Fit first, then alternate: independence as a fine-tuning of a trained model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from indmech_baselines.regularised import Regularised
from indmech_bench import AdamRule, Objective, Phase, Problem, SingleStart, register_method


@register_method("fine-tune-independence")
@dataclass(frozen=True)
class FineTuneIndependence(Regularised, SingleStart):
    """Fit alone for half of the steps; then a step on strength sum_k (log rho_k)^2 and one on the fit in turn.

    The last steps fit only. Three Adam states: one for training, two for the alternation, so that the
    trained model's momentum does not carry over.

    strength: weight of the squared log generic ratios, above 0; Adam's steps hardly depend on it.
    tuning_rate: initial step size of the alternation; it falls along the same cosine as that of training.
    Source: Besserve, Sun, Janzing, Schoelkopf (AAAI 2021), independence enforced on trained generative models.
    """

    approach: ClassVar[str] = "independence"
    ranges: ClassVar[dict[str, str]] = {"strength": "(0, inf)", "tuning_rate": "(0, inf)"}
    grid: ClassVar[dict[str, list[float]]] = {"learning_rate": [0.005, 0.02, 0.05], "tuning_rate": [0.005, 0.02, 0.05]}

    strength: float = 0.1
    tuning_rate: float = 0.02

    def phases(self, problem: Problem) -> Sequence[Phase]:
        first = self.steps // 2
        last = max(first, self.regularised_steps)
        first_even = first + first % 2
        first_odd = first + 1 - first % 2
        tuning = AdamRule(self.tuning_rate)
        return [
            Phase(Objective(), self.rule(), (range(first),)),
            Phase(Objective(fit=0.0, independence=self.strength), tuning, (range(first_even, last, 2),)),
            Phase(Objective(), tuning, (range(first_odd, last, 2), range(last, self.steps))),
        ]

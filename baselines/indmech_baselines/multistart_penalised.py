"""Many starts trained with the penalty on dependence, one choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from indmech_baselines.multistart import Multistart
from indmech_baselines.regularised import Regularised
from indmech_bench import Objective, Phase, Problem, register_method


@register_method("multistart-penalised")
@dataclass(frozen=True)
class MultistartPenalised(Regularised, Multistart):
    """Run `independence-penalty` from many starts, polish all of them, and choose one solution by a criterion.

    The penalty decides which solutions training finds, the criterion which of them is taken: `multistart-independent`
    chooses alike among solutions that training on the fit alone finds.

    strength: weight of the squared log generic ratios, 0 or more.
    criterion: independence, fit, norm, placebo, likelihood, flatness or combined, among the starts that fit.
    Source: Besserve, Sun, Janzing, Schoelkopf (AAAI 2021), independence of mechanisms as a training objective.
    """

    approach: ClassVar[str] = "independence"
    ranges: ClassVar[dict[str, str]] = {"strength": "[0, inf)"}
    grid: ClassVar[dict[str, list[float | None]]] = {
        "strength": [0.01, 0.1, 1.0, 10.0],
        "learning_rate": [0.005, 0.02, 0.05],
    }

    strength: float = 0.1
    criterion: str = "independence"

    def phases(self, problem: Problem) -> Sequence[Phase]:
        return self.released(Objective(independence=self.strength))

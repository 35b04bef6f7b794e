"""Fit first, then go on from there: what a regulariser does to a network that has been trained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from indmech_baselines.regularised import Regularised
from indmech_bench import AdamRule, Objective, Phase, Problem, SingleStart, Solution, register_method, train


@dataclass(frozen=True)
class FineTuned(SingleStart):
    """Base of methods that train by the fit alone, as `adam` does, and then go on from there: two trainings.

    The first is done once for all of them that run together, and charged to each. The second has an Adam state and a
    cosine of its own; what is trained against the parameters, an adversary, goes on as it is.

    tuning: share of the steps, the last ones, that are the second training.
    tuning_rate: initial step size of the second training.
    """

    search: ClassVar[str] = "fit alone"
    ranges: ClassVar[dict[str, str]] = {"tuning": "(0, 1)", "tuning_rate": "(0, inf)"}

    tuning: float = 0.5
    tuning_rate: float = 0.02

    @property
    def fitting_steps(self) -> int:
        """How many steps the first training has."""
        return math.ceil(round((1 - self.tuning) * self.steps, 6))

    def objective(self) -> Objective:
        """What the second training minimises."""
        return Objective()

    def tuned(self, begin: int) -> Sequence[Phase]:
        """The phases of the second training, from the step `begin` on."""
        steps = range(begin, begin + self.steps - self.fitting_steps)
        return [Phase(self.objective(), AdamRule(self.tuning_rate), (steps,))]

    def phases(self, problem: Problem) -> Sequence[Phase]:
        """Those of both trainings."""
        first = self.fitting_steps
        return [Phase(Objective(), self.rule(), (range(first),)), *self.tuned(first)]

    def fit(self, problem: Problem) -> Solution:
        first = self.fitting_steps
        all_that_counts = f"{self.search}: {first} steps at {self.learning_rate} from {self.init_scale}"
        fitted = problem.search(all_that_counts, lambda: self.fitted(problem))
        return self.concluded(problem, train(problem, fitted, self.tuned(0), self.steps - first))

    def fitted(self, problem: Problem) -> dict[str, Tensor]:
        """What the first training ends at."""
        return train(problem, self.start(problem), Phase(Objective(), self.rule()), self.fitting_steps)


@dataclass(frozen=True)
class FineTunedWithMore(Regularised, FineTuned):
    """Base of those whose second training minimises more than the fit, until the release that all methods have."""

    def tuned(self, begin: int) -> Sequence[Phase]:
        more, rule = max(self.regularised_steps - self.fitting_steps, 0), AdamRule(self.tuning_rate)
        last, end = begin + more, begin + self.steps - self.fitting_steps
        return [
            Phase(self.objective(), rule, (range(begin, last),)),
            Phase(Objective(), rule, (range(last, end),)),
        ]


@register_method("fine-tune-fit")
@dataclass(frozen=True)
class FineTuneFit(FineTuned):
    """Minimise the fit alone by Adam, and go on with that from where it ends.

    What other fine-tunings are to be compared with: as many steps, the same first ones.

    Source: Loshchilov and Hutter (ICLR 2017), for restarts of the cosine; Kingma and Ba (ICLR 2015).
    """

    approach: ClassVar[str] = "fit"
    grid: ClassVar[dict[str, list[float]]] = {"learning_rate": [0.005, 0.02, 0.05], "tuning_rate": [0.005, 0.02, 0.05]}


@register_method("fine-tune-penalty")
@dataclass(frozen=True)
class FineTunePenalty(FineTunedWithMore):
    """Minimise the fit alone; from where that ends, fit + strength sum_k (log rho_k)^2; at last the fit alone again.

    strength: weight of the squared log generic ratios, 0 or more.
    Source: Besserve, Sun, Janzing, Schoelkopf (AAAI 2021), independence enforced on trained generative models.
    """

    approach: ClassVar[str] = "independence"
    ranges: ClassVar[dict[str, str]] = {"strength": "[0, inf)"}
    grid: ClassVar[dict[str, list[float]]] = {"strength": [0.01, 0.1, 1.0, 10.0], "tuning_rate": [0.005, 0.02, 0.05]}

    strength: float = 0.1

    def objective(self) -> Objective:
        return Objective(independence=self.strength)


@register_method("fine-tune-decay")
@dataclass(frozen=True)
class FineTuneDecay(FineTunedWithMore):
    """Minimise the fit alone; from where that ends, fit + decay / 2 |mechanisms|^2; at last the fit alone again.

    decay: strength of the decay, 0 or more.
    Source: Krogh and Hertz (NeurIPS 1991).
    """

    approach: ClassVar[str] = "norm"
    ranges: ClassVar[dict[str, str]] = {"decay": "[0, inf)"}
    grid: ClassVar[dict[str, list[float]]] = {"decay": [0.001, 0.01, 0.1], "tuning_rate": [0.005, 0.02, 0.05]}

    decay: float = 0.01

    def objective(self) -> Objective:
        return Objective(decay=self.decay)

"""What training minimises, as data: fit, independence of the mechanisms, decay, each with a weight or a schedule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from indmech_bench.scm.parameters import Parameters

if TYPE_CHECKING:
    from indmech_bench.problem.problem import Problem


@dataclass(frozen=True)
class Fading:
    """A weight that falls in a straight line from `weight` at step 0 to 0 at step `until`, and stays there."""

    weight: float
    until: float

    def at(self, step: int) -> float:
        """The weight at a step."""
        return self.weight * max(0.0, 1 - step / self.until)


@dataclass(frozen=True)
class Objective:
    """fit loss + independence sum_k h(log rho_k - target)^2 + decay / 2 |mechanisms|^2.

    fit: weight of the fit loss, 1 or 0.
    independence: weight of the squared log generic ratios, a number or a schedule; None leaves the term out.
    target: the log rho to pull towards.
    tolerance: h(x) = max(0, |x| - tolerance); with 0 h is the identity.
    ratios: which log rho: `each` mechanism's that has one of its own, or that of the `intervened` mechanism alone.
    multipliers: with m steps here an augmented Lagrangian (Hestenes 1969; Powell 1969): sum_k l_k log rho_k is added,
        and every m steps l_k <- l_k + 2 independence log rho_k, replicate by replicate (and start by start). Needs a
        fixed weight, no target and no tolerance.
    decay: weight of the squared norm of the mechanisms; a nuisance does not decay.
    """

    fit: float = 1.0
    independence: float | Fading | None = None
    target: float = 0.0
    tolerance: float = 0.0
    ratios: Literal["each", "intervened"] = "each"
    multipliers: int | None = None
    decay: float = 0.0

    def __post_init__(self) -> None:
        """Raises ValueError for an objective that is none, or multipliers beside what they do not go with."""
        if self.fit not in (0.0, 1.0) or (not self.fit and self.independence is None):
            raise ValueError("an objective has the fit with weight 1, or without it a term for independence")
        fixed = self.independence is not None and not isinstance(self.independence, Fading)
        plain = fixed and not self.target and not self.tolerance
        if self.multipliers is not None and not (plain and self.ratios == "each"):
            raise ValueError("multipliers need a fixed weight of each ratio, without target and tolerance")

    @property
    def forwards(self) -> int:
        """Cost of one evaluation on all samples, in forward passes."""
        return int(self.fit) + (self.independence is not None)

    def value(
        self,
        problem: Problem,
        parameters: Parameters,
        batch: Tensor | None = None,
        step: int = 0,
        multipliers: Tensor | float = 0.0,
        factors: Tensor | None = None,
    ) -> Tensor:
        """One number a replicate (and start): (R,) or (R, S).

        Args:
            problem: gives the fit loss and log rho; its budget is charged unless it is prepaid.
            parameters: (R, ...) or (R, S, ...).
            batch: (R, m) indices of samples for the fit; None for all.
            step: the step that schedules are looked up at.
            multipliers: l_k, (R, k) or (R, S, k); 0 at the start.
            factors: label noise of the fit, as `Problem.loss` takes it; None for none.
        """
        dependence = None if self.independence is None else self._dependence(problem, parameters, step, multipliers)
        if dependence is None:
            total = problem.loss(parameters, batch, factors)
        else:
            total = problem.loss(parameters, batch, factors) + dependence if self.fit else dependence
        if self.decay:
            names = [name for parts in problem.mechanisms.values() for name in parts]
            squares = [parameters[name].square().flatten(total.dim()).sum(-1) for name in names]
            total = total + self.decay / 2 * sum(squares)
        return total

    def _dependence(self, problem: Problem, parameters: Parameters, step: int, multipliers: Tensor | float) -> Tensor:
        assert self.independence is not None
        weight = self.independence.at(step) if isinstance(self.independence, Fading) else self.independence
        if self.ratios == "each":
            ratios = problem.log_generic_ratios(parameters)
        else:
            ratios = problem.log_generic_ratio(parameters).unsqueeze(-1)
        if self.multipliers is not None:
            return (multipliers * ratios + weight * ratios.square()).sum(-1)
        distance = ratios - self.target if self.target else ratios
        if self.tolerance:
            distance = (distance.abs() - self.tolerance).clamp_min(0)
        return weight * distance.square().sum(-1)

    def updated(self, problem: Problem, parameters: Parameters, multipliers: Tensor | float) -> Tensor:
        """The multipliers after an update at these parameters; costs one look at log rho."""
        assert self.independence is not None
        assert not isinstance(self.independence, Fading)
        with torch.no_grad():
            return multipliers + 2 * self.independence * problem.log_generic_ratios(parameters)


AnyObjective = Objective | Callable[[Parameters, Tensor | None], Tensor]
"""An objective as data, or a function of parameters and a minibatch's indices (None for all) -> (R,) or (R, S)."""

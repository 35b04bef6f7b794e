"""Linear environments: X^(e) = B D^(e) U, a shared B and independent sources (docs/theory.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench.scm.divergences import Gaussian
from indmech_bench.scm.interventions import Amplify, Intervention
from indmech_bench.scm.models.base import BaseModel, rescale_each
from indmech_bench.scm.models.linear import each_row, mean_square
from indmech_bench.scm.parameters import Parameters


@dataclass(frozen=True)
class LinearEnvironments(BaseModel):
    """Sources `a1` ... `aE` (d,), the diagonals of D^(e), and `B` (d, d). A law is the covariances (..., E, d, d).

    Interventions change the power of one source in every environment.
    """

    d: int
    environments: int = 2
    geometry: ClassVar[Gaussian] = Gaussian(environments=True)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Parameter name -> shape of one replicate and start."""
        return {**{f"a{e + 1}": (self.d,) for e in range(self.environments)}, "B": (self.d, self.d)}

    def degrees_of_freedom(self, phase: bool) -> int:
        """Columns of B with the sources' powers, scales of the sources left out."""
        return min(self.d * (self.d + self.environments - 1), self.environments * self.d * (self.d + 1) // 2)

    def rescale(self, parameters: Parameters, factor: Tensor) -> dict[str, Tensor]:
        """Multiply the outputs by `factor` (R, E), which each environment's own sources bear."""
        return rescale_each(parameters, self.names[:-1], factor)

    def _powers(self, parameters: Parameters) -> Tensor:
        """Squares of the sources' strengths, (..., E, d)."""
        return torch.stack([parameters[name] for name in self.names[:-1]], -2).square()

    def contributions(self, parameters: Parameters) -> Tensor:
        """Power that each source brings to each output, (..., E, d)."""
        return self._powers(parameters) * parameters["B"].square().sum(-2).unsqueeze(-2)

    def order(self, parameters: Parameters) -> Tensor:
        """The sources by their contribution to the first environment, the strongest first: (..., d)."""
        return self.contributions(parameters)[..., 0, :].argsort(-1, descending=True)

    def covariance(self, parameters: Parameters) -> Tensor:
        """B D^2 B' of every environment, (..., E, d, d)."""
        return self._mixed(parameters["B"], self._powers(parameters))

    def covariance_jacobian(self, parameters: Parameters) -> dict[str, Tensor]:
        """Derivatives of the covariances (..., E, d, d) by sources (..., E, d, d, d) and by B (..., E, d, d, d, d).

        d Sigma_e = B dD^2 B' + dB (B D^2)' + (B D^2) dB'; sources of other environments do not matter to one.
        """
        B, powers = parameters["B"], self._powers(parameters)
        by_source = 2 * B[..., :, None, :] * B[..., None, :, :]
        derivatives = {}
        for e, name in enumerate(self.names[:-1]):
            own = by_source * parameters[name][..., None, None, :]
            others = torch.zeros_like(own)
            derivatives[name] = torch.stack([own if i == e else others for i in range(self.environments)], -4)
        by_B = each_row(B.unsqueeze(-3) * powers.unsqueeze(-2))
        return {**derivatives, "B": by_B + by_B.transpose(-4, -3)}

    @staticmethod
    def _mixed(B: Tensor, powers: Tensor) -> Tensor:
        B = B.unsqueeze(-3).expand(*powers.shape[:-1], *B.shape[-2:]).contiguous()
        return (B * powers.unsqueeze(-2)) @ B.mT

    def laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """Amplification of one source -> covariances (R, E, d, d)."""
        powers, order = self._powers(parameters), self.order(parameters)
        return lambda g: self._mixed(parameters["B"], powers * _weights(g, order).unsqueeze(-2))

    def output_laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """The same with coordinates of the output taken for the sources."""
        covariance = self.covariance(parameters)
        order = covariance[..., 0, :, :].diagonal(dim1=-2, dim2=-1).argsort(-1, descending=True)

        def law(g: Intervention) -> Tensor:
            root = _weights(g, order).sqrt().unsqueeze(-2)
            return covariance * root.unsqueeze(-1) * root.unsqueeze(-2)

        return law

    def generic_power(self, parameters: Parameters) -> Tensor:
        """Mean over environments of tau(D^2) tau(B' B): E C(P_g) over rotations of D, (...)."""
        return self._powers(parameters).mean((-2, -1)) * mean_square(parameters["B"])

    def log_generic_ratio(self, parameters: Parameters) -> Tensor:
        """log rho under rotations of the sources, mean powers over environments: (...)."""
        power = self.contributions(parameters).sum(-1).mean(-1) / self.d
        return (power / self.generic_power(parameters)).log()

    def log_generic_ratios(self, parameters: Parameters) -> Tensor:
        """log rho_e of each environment, (..., E)."""
        power = self.contributions(parameters).sum(-1) / self.d
        generic = self._powers(parameters).mean(-1) * mean_square(parameters["B"]).unsqueeze(-1)
        return (power / generic).log()

    def invariants(self, parameters: Parameters) -> dict[str, Tensor]:
        """Directions b b' / |b|^2 of the sources in order (..., d^3) and the logs of their contributions (..., E d)."""
        order = self.order(parameters)
        B = parameters["B"] / parameters["B"].norm(dim=-2, keepdim=True)
        columns = B.mT.gather(-2, order.unsqueeze(-1).expand_as(B))
        powers = self.contributions(parameters)
        powers = powers.gather(-1, order.unsqueeze(-2).expand_as(powers))
        directions = columns.unsqueeze(-1) * columns.unsqueeze(-2)
        return {"directions": directions.flatten(-3), "log_power": powers.flatten(-2).log()}

    def parameter_error(self, parameters: Parameters, true: Parameters, phase: bool) -> Tensor:
        """sqrt(mean |v_hat - v|^2) of unit-norm sources and columns, in order and least over signs: (R,)."""
        squares = []
        sides = []
        for side in (parameters, true):
            order = self.order(side)
            columns = side["B"].mT.gather(-2, order.unsqueeze(-1).expand_as(side["B"])).flatten(-2)
            sources = [side[name].abs().gather(-1, order) for name in self.names[:-1]]
            sides.append([columns.abs(), *sources])
        for learnt, target in zip(*sides, strict=True):
            cosine = (learnt * target).sum(-1) / (learnt.norm(dim=-1) * target.norm(dim=-1))
            squares.append((2 - 2 * cosine).clamp_min(0))
        return torch.stack(squares, -1).mean(-1).sqrt()


def _weights(g: Intervention, order: Tensor) -> Tensor:
    """What each source's power is multiplied by, (..., d)."""
    if not isinstance(g, Amplify):
        raise TypeError(f"linear environments have no intervention {g}")
    ones = torch.ones(order.shape, dtype=torch.float64)
    return ones.scatter(-1, order[..., g.source : g.source + 1], g.factor)

"""Environments that share a mechanism: X^(e) = k_2 * k_1^(e) * U, the sparse mechanism shift (docs/theory.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench.scm.models.base import rescale_each
from indmech_bench.scm.models.convolution import ConvolutionCascade, product
from indmech_bench.scm.models.kernels import KernelModel, Spectra, half_power
from indmech_bench.scm.parameters import Parameters


@dataclass(frozen=True)
class SharedConvolution(KernelModel):
    """Kernels `k1_1` ... `k1_E` with lengths[0] taps, one an environment, and a shared `k2` with lengths[1] taps.

    Interventions act on k1 in every environment at once; a law is the spectra of all environments side by side.
    """

    lengths: tuple[int, int]
    n: int
    environments: int = 2
    ties: ClassVar[str] = "opposite"

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        of_environments = {f"k1_{e + 1}": (self.lengths[0],) for e in range(self.environments)}
        return {**of_environments, "k2": (self.lengths[1],)}

    def degrees_of_freedom(self, phase: bool) -> int:
        return self.environments * self.lengths[0] + self.lengths[1] - 1

    def rescale(self, parameters: Parameters, factor: Tensor) -> dict[str, Tensor]:
        """Multiply the outputs by `factor` (R, E), which each environment's own k1 bears."""
        return rescale_each(parameters, self.names[:-1], factor)

    def intervened_taps(self, parameters: Parameters) -> Tensor:
        return torch.stack([parameters[name] for name in self.names[:-1]], -2)

    def composite(self, parameters: Parameters) -> Tensor:
        """Transfer functions (..., E, n // 2 + 1)."""
        first = torch.fft.rfft(self.intervened_taps(parameters), n=self.n)
        second = torch.fft.rfft(parameters["k2"], n=self.n).unsqueeze(-2).expand_as(first).contiguous()
        return product(first, second)

    def output_taps(self, parameters: Parameters) -> Tensor:
        return self._stacked(ConvolutionCascade(self.lengths, self.n).output_taps, parameters)

    def impulse(self, parameters: Parameters) -> Tensor:
        """The composite kernels k_1^(e) * k_2 on n samples, (..., E, n)."""
        return self._stacked(ConvolutionCascade(self.lengths, self.n).impulse, parameters)

    def _stacked(self, of_cascade: Callable[[Parameters], Tensor], parameters: Parameters) -> Tensor:
        """The same of the cascade of each environment, side by side."""
        pairs = [{"k1": parameters[name], "k2": parameters["k2"]} for name in self.names[:-1]]
        return torch.stack([*map(of_cascade, pairs)], -2)

    def half_parts(self, parameters: Parameters) -> Spectra:
        P = half_power(self.intervened_taps(parameters), self.n)
        R = half_power(parameters["k2"], self.n).unsqueeze(-2).expand_as(P).contiguous()
        return P, R, torch.zeros_like(P)

    def log_generic_ratios(self, parameters: Parameters) -> Tensor:
        """log rho_e of each environment, (..., E)."""
        P, R, _ = self.half_parts(parameters)
        return (self.mean(P * R) / (self.mean(P) * self.mean(R))).log()

    def invariants(self, parameters: Parameters) -> dict[str, Tensor]:
        """Shapes of P_1^(e) and P_2, and log <P_1^(e)><P_2> (..., E)."""
        P, R, _ = self.parts(parameters)
        p, r = P.mean(-1, keepdim=True), R.mean(-1, keepdim=True)
        return {"intervened": (P / p).flatten(-2), "rest": (R / r)[..., 0, :], "log_power": (p * r).squeeze(-1).log()}

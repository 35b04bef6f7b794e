"""Channels: X = sum_c b_c * a_c * U_c, a hidden layer of several channels that one output adds up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from indmech_bench.scm.interventions import Intervention
from indmech_bench.scm.models.kernels import KernelModel, half_power, mirrored
from indmech_bench.scm.parameters import Parameters


@dataclass(frozen=True)
class Channels(KernelModel):
    """Kernels `a1` ... `aC` of layer 1 and `b1` ... `bC` of layer 2; interventions act on all of layer 1 at once.

    S = sum_c P_c R_c, with P_c = |A_c|^2, R_c = |B_c|^2. The mechanisms are the two layers.
    """

    lengths: tuple[int, int]
    channels: int
    n: int

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        first, second = self.lengths
        of_first = {f"a{c + 1}": (first,) for c in range(self.channels)}
        return {**of_first, **{f"b{c + 1}": (second,) for c in range(self.channels)}}

    @property
    def mechanisms(self) -> dict[str, tuple[str, ...]]:
        """The layers."""
        return {"layer1": self.names[: self.channels], "layer2": self.names[self.channels :]}

    def degrees_of_freedom(self, phase: bool) -> int:
        return sum(self.lengths) - 1

    def rescale(self, parameters: Parameters, factor: Tensor) -> dict[str, Tensor]:
        """Multiply the output by `factor` (R,), which layer 1 bears."""
        layer = self.mechanisms["layer1"]
        return {name: value * factor[:, None] if name in layer else value for name, value in parameters.items()}

    def half_layers(self, parameters: Parameters) -> tuple[Tensor, Tensor]:
        """P_c and R_c on the non-negative frequencies, (..., C, n // 2 + 1) each."""
        first, second = (
            torch.stack([half_power(parameters[name], self.n) for name in names], -2)
            for names in self.mechanisms.values()
        )
        return first, second

    def half_spectrum(self, parameters: Parameters) -> Tensor:
        P, R = self.half_layers(parameters)
        return (P * R).sum(-2)

    def intervened_taps(self, parameters: Parameters) -> Tensor:
        return torch.stack([parameters[name] for name in self.mechanisms["layer1"]], -2)

    def output_taps(self, parameters: Parameters) -> None:
        return None

    def laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """Intervention on layer 1 -> power spectrum of X under it, (..., n)."""
        P, R = (mirrored(part, self.n) for part in self.half_layers(parameters))
        taps = self.intervened_taps(parameters)
        return lambda g: (self.acted(g, P, taps) * R).sum(-2)

    def output_laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """The same with the intervention on the output."""
        S = mirrored(self.half_spectrum(parameters), self.n)
        return lambda g: self.acted(g, S, None)

    def generic_power(self, parameters: Parameters) -> Tensor:
        """sum_c <P_c> <R_c>, (...)."""
        P, R = self.half_layers(parameters)
        return (self.mean(P) * self.mean(R)).sum(-1)

    def log_generic_ratios(self, parameters: Parameters) -> Tensor:
        """log rho of the layers, (..., 1)."""
        return self.log_generic_ratio(parameters).unsqueeze(-1)

    def invariants(self, parameters: Parameters) -> dict[str, Tensor]:
        """sum_c P_c(mu) R_c(nu), which all modulated laws determine, its direction (..., m^2) and the log of its size.

        On the non-negative frequencies, m of them: both spectra are even.
        """
        P, R = self.half_layers(parameters)
        matrix = (P.unsqueeze(-1) * R.unsqueeze(-2)).sum(-3).flatten(-2)
        size = matrix.norm(dim=-1, keepdim=True)
        return {"joint": matrix / size, "log_power": size.log()}

"""Fork: X = k_3 * (k_1 * U_1 + k_2 * U_2), the smallest causal graph that is no chain (docs/theory.md)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from indmech_bench.scm.models.kernels import KernelModel, Spectra, half_power
from indmech_bench.scm.parameters import Parameters


@dataclass(frozen=True)
class Fork(KernelModel):
    """Kernels `k1`, `k2`, `k3`; interventions act on k1. S = P_3 (P_1 + P_2)."""

    lengths: tuple[int, int, int]
    n: int

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {f"k{k + 1}": (length,) for k, length in enumerate(self.lengths)}

    def degrees_of_freedom(self, phase: bool) -> int:
        return max(self.lengths[:2]) + self.lengths[2] - 1

    def rescale(self, parameters: Parameters, factor: Tensor) -> dict[str, Tensor]:
        """Multiply the output by `factor` (R,), which mechanism 3 bears: it alone carries all of the output."""
        return {name: value * factor[:, None] if name == "k3" else value for name, value in parameters.items()}

    def half_parts(self, parameters: Parameters) -> Spectra:
        P1, P2, P3 = (half_power(parameters[name], self.n) for name in self.names)
        return P1, P3, P2 * P3

    def intervened_taps(self, parameters: Parameters) -> Tensor:
        return parameters["k1"]

    def output_taps(self, parameters: Parameters) -> None:
        return None

    def log_generic_ratios(self, parameters: Parameters) -> Tensor:
        """log rho of modulating k1, k2, k3, (..., 3)."""
        P1, P2, P3 = (half_power(parameters[name], self.n) for name in self.names)
        power = self.mean(P3 * (P1 + P2))
        p1, p2, p3 = map(self.mean, (P1, P2, P3))
        generic = (p1 * p3 + self.mean(P2 * P3), p2 * p3 + self.mean(P1 * P3), (p1 + p2) * p3)
        return torch.stack([(power / mean).log() for mean in generic], -1)

    def invariants(self, parameters: Parameters) -> dict[str, Tensor]:
        """Shapes of P_1 - <P_1> and P_3, their log size (..., 1), and the shape of the mean law <P_1> P_3 + P_2 P_3.

        A constant moved from P_1 to P_2 changes no law: only what varies in P_1 is seen.
        """
        P, R, Q = self.parts(parameters)
        p, r = P.mean(-1, keepdim=True), R.mean(-1, keepdim=True)
        varying = P - p
        size = varying.square().mean(-1, keepdim=True).sqrt()
        average = p * R + Q
        return {
            "intervened": varying / size,
            "rest": R / r,
            "average": average / average.mean(-1, keepdim=True),
            "log_power": torch.cat([(size * r).log(), average.mean(-1, keepdim=True).log()], -1),
        }

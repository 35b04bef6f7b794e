"""Linear Gaussian mechanisms: X = B A U (docs/theory.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench.scm.divergences import Gaussian
from indmech_bench.scm.interventions import Intervention, Rotation
from indmech_bench.scm.models.base import BaseModel
from indmech_bench.scm.parameters import Parameters


def mean_square(matrix: Tensor) -> Tensor:
    """tau(M M') of a square matrix, (..., d, d) -> (...)."""
    return matrix.square().sum((-2, -1)) / matrix.shape[-1]


@dataclass(frozen=True)
class LinearCascade(BaseModel):
    """Mechanisms `A` and `B`, d x d; interventions rotate A. The law is the covariance B A A' B' (..., d, d)."""

    d: int
    geometry: ClassVar[Gaussian] = Gaussian()
    environments: ClassVar[None] = None

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Parameter name -> shape of one replicate and start."""
        return {"A": (self.d, self.d), "B": (self.d, self.d)}

    def degrees_of_freedom(self, phase: bool) -> int:
        """Free entries of a covariance."""
        return self.d * (self.d + 1) // 2

    def rescale(self, parameters: Parameters, factor: Tensor) -> dict[str, Tensor]:
        """Multiply the output by `factor` (R,), which A bears."""
        return {**parameters, "A": parameters["A"] * factor[:, None, None]}

    def covariance(self, parameters: Parameters) -> Tensor:
        """B A A' B', (..., d, d)."""
        whole = parameters["B"] @ parameters["A"]
        return whole @ whole.mT

    def covariance_jacobian(self, parameters: Parameters) -> dict[str, Tensor]:
        """Derivatives of the covariance by A and B, each (..., d, d, d, d): d Sigma = dW W' + W dW' with W = B A."""
        A, B = parameters["A"], parameters["B"]
        W = B @ A
        by_A = B[..., :, None, :, None] * W[..., None, :, None, :]  # dW W' = B dA W'
        by_B = each_row((A @ W.mT).mT)  # dW W' = dB A W'
        return {"A": by_A + by_A.transpose(-4, -3), "B": by_B + by_B.transpose(-4, -3)}

    def laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """Rotation O of A -> covariance B O A A' O' B', (R, d, d)."""
        A, B = parameters["A"], parameters["B"]
        M = A @ A.mT
        return lambda g: B @ _rotated(g, M) @ B.mT

    def output_laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """The same with the rotation of the output."""
        covariance = self.covariance(parameters)
        return lambda g: _rotated(g, covariance)

    def generic_power(self, parameters: Parameters) -> Tensor:
        """E_g C(P_g) over SO(d): tau(A A') tau(B' B), (...)."""
        return mean_square(parameters["A"]) * mean_square(parameters["B"])

    def log_generic_ratio(self, parameters: Parameters) -> Tensor:
        """log rho, the log trace ratio tau(B A A' B') / (tau(A A') tau(B' B)): (...)."""
        return (mean_square(parameters["B"] @ parameters["A"]) / self.generic_power(parameters)).log()

    def log_generic_ratios(self, parameters: Parameters) -> Tensor:
        """The same for A and B, (..., 1)."""
        return self.log_generic_ratio(parameters).unsqueeze(-1)

    def invariants(self, parameters: Parameters) -> dict[str, Tensor]:
        """B / |B|, A A' / tr A A', and log |B|^2 tr A A' (..., 1)."""
        A, B = parameters["A"], parameters["B"]
        M, size = (A @ A.mT).flatten(-2), B.flatten(-2).norm(dim=-1, keepdim=True)
        power = A.square().sum((-2, -1)).unsqueeze(-1)
        return {"intervened": M / power, "rest": B.flatten(-2) / size, "log_power": (size.square() * power).log()}

    def symmetries(self, parameters: Parameters) -> list[dict[str, Tensor]]:
        """B and -B have the same laws."""
        return [dict(parameters), {**parameters, "B": -parameters["B"]}]

    def parameter_error(self, parameters: Parameters, true: Parameters, phase: bool) -> Tensor:
        """sqrt(mean_k |M_hat_k - M_k|^2) of unit-norm matrices, least over signs: (R,)."""
        squares = []
        for name in self.names:
            learnt, true_entries = (side[name].flatten(-2) for side in (parameters, true))
            cosine = (learnt * true_entries).sum(-1) / (learnt.norm(dim=-1) * true_entries.norm(dim=-1))
            squares.append((2 - 2 * cosine.abs()).clamp_min(0))
        return torch.stack(squares, -1).mean(-1).sqrt()


def each_row(matrix: Tensor) -> Tensor:
    """d (X M') / d X for M (..., d, d) at [a, b, i, j]: M[b, j] where a = i, 0 elsewhere; (..., d, d, d, d)."""
    eye = torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    return eye[:, None, :, None] * matrix[..., None, :, None, :]


def _rotated(g: Intervention, M: Tensor) -> Tensor:
    if not isinstance(g, Rotation):
        raise TypeError(f"a linear cascade has no intervention {g}")
    return g.act(M)

"""Gradient descent from a balanced start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from indmech_baselines.gradient_descent import GradientDescent
from indmech_bench import Parameters, Problem, register_method


@register_method("balanced-init")
@dataclass(frozen=True)
class BalancedInit(GradientDescent):
    """Gradient descent on the fit, as `gradient-descent`, from a start whose mechanisms are balanced.

    Gradient flow conserves what mechanisms differ by: |k_i|^2 - |k_j|^2, for kernels as long as the signal
    |K_i(nu)|^2 - |K_j(nu)|^2 at every nu, for matrices A A' - B'B. From a balanced start all of them are 0 and stay so:
    training ends at the minimum-norm solution of what it can reach, the largest rho. Kernels as long as the signal get
    the spectrum of the first, matrices are the first one's transpose, all others get its norm. `init_scale` is that of
    the first mechanism.

    Source: Arora, Cohen, Hazan (ICML 2018); docs/theory.md, full-length cascade, facts 1 and 2.
    """

    grid: ClassVar[dict[str, list[float | None]]] = {"learning_rate": [0.05, 0.1, 0.2], "init_scale": [0.1, None, 1.0]}

    def start(self, problem: Problem, starts: int | None = None) -> dict[str, Tensor]:
        return balanced(super().start(problem, starts))


def balanced(start: Parameters) -> dict[str, Tensor]:
    """Parameters (R, ...) that are balanced with the first of them."""
    (first, lead), *rest = start.items()
    balanced_start = {first: lead}
    for name, value in rest:
        if value.shape != lead.shape:
            ratio = lead.flatten(1).norm(dim=-1) / value.flatten(1).norm(dim=-1)
            balanced_start[name] = value * ratio.view(-1, *[1] * (value.dim() - 1))
        elif value.dim() == 2:
            balanced_start[name] = _with_spectrum_of(value, lead)
        else:
            balanced_start[name] = lead.mT.contiguous()  # B = A': B'B = A A'
    return balanced_start


def _with_spectrum_of(kernel: Tensor, lead: Tensor) -> Tensor:
    """The kernel (R, L) with its own phases and the DFT magnitudes of another of the same length."""
    K = torch.fft.rfft(kernel)
    scale = torch.fft.rfft(lead).abs() / K.abs()
    return torch.fft.irfft(torch.complex(K.real * scale, K.imag * scale), n=kernel.shape[-1])

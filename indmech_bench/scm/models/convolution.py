"""Cascade of circular convolutions with real kernels, driven by circular complex white noise (docs/theory.md)."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from indmech_bench.scm.models.kernels import KernelModel, Spectra, half_power
from indmech_bench.scm.parameters import Parameters


@dataclass(frozen=True)
class ConvolutionCascade(KernelModel):
    """X = k_K * ... * k_1 * U on n samples; the kernels are `k1`, `k2`, ... with `lengths` taps.

    `intervened` is the position (from 0) of the mechanism that interventions act on. X has the power spectrum
    S = prod_k P_k with P_k = |K_k|^2, and mean power C = <S>.
    """

    lengths: tuple[int, ...]
    n: int
    intervened: int = 0

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {f"k{k + 1}": (length,) for k, length in enumerate(self.lengths)}

    def degrees_of_freedom(self, phase: bool) -> int:
        free = sum(self.lengths) - len(self.lengths) + 1
        return min(free, self.n if phase else self.n // 2 + 1)

    def rescale(self, parameters: Parameters, factor: Tensor) -> dict[str, Tensor]:
        """Multiply the output by `factor` (R,), which mechanism 1 bears: the law's power by its square."""
        return {name: value * factor[:, None] if name == "k1" else value for name, value in parameters.items()}

    def impulse(self, parameters: Parameters) -> Tensor:
        """The composite kernel k_1 * ... * k_K on n samples, (..., L_k) -> (..., n); taps that are 0 are 0 exactly."""
        taps = self.output_taps(parameters)
        return pad(taps, (0, self.n - taps.shape[-1]))

    def composite(self, parameters: Parameters) -> Tensor:
        """Transfer function prod_k K_k on the n // 2 + 1 non-negative frequencies: (..., L_k) -> (..., n // 2 + 1)."""
        return functools.reduce(product, [torch.fft.rfft(parameters[name], n=self.n) for name in self.names])

    def half_powers(self, parameters: Parameters) -> list[Tensor]:
        """P_k on the non-negative frequencies, one (..., n // 2 + 1) a mechanism."""
        return [half_power(parameters[name], self.n) for name in self.names]

    def half_parts(self, parameters: Parameters) -> Spectra:
        return self._split(self.half_powers(parameters), self.intervened)

    @staticmethod
    def _split(powers: list[Tensor], k: int) -> Spectra:
        """P_k, R_k and no Q."""
        rest = torch.ones_like(powers[0])
        for j, power in enumerate(powers):
            if j != k:
                rest = rest * power
        return powers[k], rest, torch.zeros_like(rest)

    def log_generic_ratios(self, parameters: Parameters) -> Tensor:
        """log rho_k of each mechanism, (..., K); of two, (..., 1): they are the same."""
        powers = self.half_powers(parameters)
        ratios = []
        for k in range(len(powers) if len(powers) > 2 else 1):
            P, R, _ = self._split(powers, k)
            ratios.append((self.mean(P * R) / (self.mean(P) * self.mean(R))).log())
        return torch.stack(ratios, -1)

    def intervened_taps(self, parameters: Parameters) -> Tensor:
        return parameters[self.names[self.intervened]]

    def output_taps(self, parameters: Parameters) -> Tensor:
        if sum(self.lengths) - len(self.lengths) + 1 > self.n:
            return torch.fft.irfft(self.composite(parameters), n=self.n)
        return functools.reduce(convolved, [parameters[name] for name in self.names])

    def invariants(self, parameters: Parameters) -> dict[str, Tensor]:
        """Shapes of P_k and R_k (..., n) and log <P_k><R_k> (..., 1)."""
        P, R, _ = self.parts(parameters)
        p, r = P.mean(-1, keepdim=True), R.mean(-1, keepdim=True)
        return {"intervened": P / p, "rest": R / r, "log_power": (p * r).log()}


def convolved(first: Tensor, second: Tensor) -> Tensor:
    """Convolution of kernels, (..., L1) and (..., L2) -> (..., L1 + L2 - 1), tap by tap.

    A detour by the transfer functions would turn taps that are 0 into 1e-17, and these into zeros that there are not.
    """
    longer, shorter = (first, second) if first.shape[-1] >= second.shape[-1] else (second, first)
    lags = shorter.shape[-1]
    shifted = (pad(longer * shorter[..., lag : lag + 1], (lag, lags - 1 - lag)) for lag in range(lags))
    return functools.reduce(torch.add, shifted)


def product(first: Tensor, second: Tensor) -> Tensor:
    """Product of transfer functions.

    Written out: torch's complex product fuses differently in a vector's tail, so that a row's bits would depend on
    its place in the batch.
    """
    real = first.real * second.real - first.imag * second.imag
    imag = first.real * second.imag + first.imag * second.real
    return torch.complex(real, imag)


def deconvolve(composite: Tensor, kernel: Tensor, length: int) -> Tensor:
    """min_k |k * kernel - composite|^2 over k of `length` taps: (R, n), (R, L) -> (R, length)."""
    n = composite.shape[-1]
    padded = pad(kernel, (0, n - kernel.shape[-1]))
    shifts = torch.stack([padded.roll(t, -1) for t in range(length)], -1)
    gram, right = shifts.mT @ shifts, shifts.mT @ composite.unsqueeze(-1)
    solved, _ = torch.linalg.solve_ex(gram, right)
    return solved.squeeze(-1)

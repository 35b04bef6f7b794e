"""Cascade of circular convolutions with real kernels, driven by circular complex white noise (THEORY 3.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from indmech_bench.interventions import Modulation
from indmech_bench.parameters import Parameters


@lru_cache(maxsize=64)
def half_weights(n: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Weights (n // 2 + 1,) that make a weighted sum over non-negative frequencies the mean over all n bins."""
    weights = torch.full((n // 2 + 1,), 2.0 / n, dtype=dtype, device=device)
    weights[0] = 1.0 / n
    if n % 2 == 0:
        weights[-1] = 1.0 / n
    return weights


@dataclass(frozen=True)
class ConvolutionCascade:
    """X = k_K * ... * k_1 * U on n samples; the kernels are `k1`, `k2`, ... with `lengths` taps.

    `intervened` is the position (from 0) of the mechanism that interventions act on. X has the power spectrum
    S = prod_k P_k with P_k = |K_k|^2, and mean power C = <S>.
    """

    lengths: tuple[int, ...]
    n: int
    intervened: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"k{k + 1}" for k in range(len(self.lengths)))

    @property
    def mechanisms(self) -> dict[str, tuple[str, ...]]:
        """Mechanism -> names of its parameters."""
        return {name: (name,) for name in self.names}

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Parameter name -> shape of one replicate and start."""
        return {name: (length,) for name, length in zip(self.names, self.lengths, strict=True)}

    def rescale(self, parameters: Parameters, factor: Tensor) -> dict[str, Tensor]:
        """Multiply the output by `factor` (R,), which mechanism 1 bears: the law's power by its square."""
        first = self.names[0]
        return {name: value * factor[:, None] if name == first else value for name, value in parameters.items()}

    def composite(self, parameters: Parameters) -> Tensor:
        """Transfer function prod_k K_k on the n // 2 + 1 non-negative frequencies: (..., L_k) -> (..., n // 2 + 1)."""
        spectra = [torch.fft.rfft(parameters[name], n=self.n) for name in self.names]
        real, imag = spectra[0].real, spectra[0].imag
        for K in spectra[1:]:
            # written out: torch's complex product fuses differently in a vector's tail, so a row's bits would depend
            # on its place in the batch
            real, imag = real * K.real - imag * K.imag, real * K.imag + imag * K.real
        return torch.complex(real, imag)

    def half_powers(self, parameters: Parameters) -> list[Tensor]:
        """P_k on the non-negative frequencies, one (..., n // 2 + 1) a mechanism: all of it, kernels being real."""
        spectra = [torch.fft.rfft(parameters[name], n=self.n) for name in self.names]
        return [K.real.square() + K.imag.square() for K in spectra]

    def powers(self, parameters: Parameters) -> tuple[Tensor, Tensor]:
        """(P_k, R_k) on all n bins, k the intervened mechanism and R_k the product of all the other spectra."""
        halves = self.half_powers(parameters)
        mirror = torch.arange(self.n, device=halves[0].device)
        mirror = torch.minimum(mirror, self.n - mirror)
        rest = torch.ones_like(halves[0])
        for k, half in enumerate(halves):
            if k != self.intervened:
                rest = rest * half
        return halves[self.intervened][..., mirror], rest[..., mirror]

    def laws(self, parameters: Parameters) -> Callable[[Modulation], Tensor]:
        """Intervention on the intervened mechanism -> power spectrum of X under it, (..., n)."""
        P, R = self.powers(parameters)
        return lambda g: g.act(P) * R

    def law(self, parameters: Parameters, intervention: Modulation) -> Tensor:
        """Power spectrum of X under one intervention: (..., n)."""
        return self.laws(parameters)(intervention)

    def log_generic_ratio(self, parameters: Parameters) -> Tensor:
        """log rho = log <P_k R_k> / (<P_k> <R_k>), the log spectral density ratio: (...)."""
        halves = self.half_powers(parameters)
        weights = half_weights(self.n, halves[0].dtype, halves[0].device)
        P = halves[self.intervened]
        R = torch.ones_like(P)
        for k, half in enumerate(halves):
            if k != self.intervened:
                R = R * half
        return ((P * R * weights).sum(-1) / ((P * weights).sum(-1) * (R * weights).sum(-1))).log()

    def invariants(self, parameters: Parameters) -> dict[str, Tensor]:
        """phi, complete for extrapolation equivalence: shapes of P_k and R_k (..., n) and log <P_k><R_k> (..., 1)."""
        P, R = self.powers(parameters)
        p, r = P.mean(-1, keepdim=True), R.mean(-1, keepdim=True)
        return {"intervened": P / p, "rest": R / r, "log_power": (p * r).log()}

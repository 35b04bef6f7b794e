"""What models of convolution kernels share: spectra, laws, generic ratio, invariants (docs/theory.md).

A model is given by three spectra: P of the intervened mechanism, R of what follows it and Q of what is added beside
it. The output has the power spectrum S = P R + Q. In a chain Q = 0 and R = prod_{j != k} P_j.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench.scm.divergences import SPECTRAL, Spectral
from indmech_bench.scm.interventions import Intervention, KernelIntervention
from indmech_bench.scm.models.alignment import kernel_error
from indmech_bench.scm.models.base import BaseModel
from indmech_bench.scm.parameters import Parameters

Spectra = tuple[Tensor, Tensor, Tensor]


@lru_cache(maxsize=64)
def half_weights(n: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Weights (n // 2 + 1,) that make a weighted sum over non-negative frequencies the mean over all n bins."""
    weights = torch.full((n // 2 + 1,), 2.0 / n, dtype=dtype, device=device)
    weights[0] = 1.0 / n
    if n % 2 == 0:
        weights[-1] = 1.0 / n
    return weights


def mirrored(half: Tensor, n: int) -> Tensor:
    """An even spectrum on all n bins from its non-negative frequencies: (..., n // 2 + 1) -> (..., n)."""
    bins = torch.arange(n, device=half.device)
    return half[..., torch.minimum(bins, n - bins)]


def half_power(taps: Tensor, n: int) -> Tensor:
    """|K|^2 on the non-negative frequencies, (..., L) -> (..., n // 2 + 1): all of it, the kernel being real."""
    K = torch.fft.rfft(taps, n=n)
    return K.real.square() + K.imag.square()


class KernelModel(BaseModel):
    """Base of models whose parameters are real kernels on n samples, `k1`, `k2`, ...

    With `environments` the spectra P, R, Q have an axis of environments before that of frequencies, and a law is the
    spectra of all environments side by side.
    """

    n: int
    geometry: ClassVar[Spectral] = SPECTRAL
    environments: int | None = None
    ties: ClassVar[str] = "sum"
    """How delays of kernels are tied where the phase is observed; see `kernel_error`."""

    def rescale(self, parameters: Parameters, factor: Tensor) -> dict[str, Tensor]:
        """Multiply the output by `factor`, (R,) or one an environment (R, E)."""
        raise NotImplementedError

    def half_parts(self, parameters: Parameters) -> Spectra:
        """P, R and Q on the non-negative frequencies."""
        raise NotImplementedError

    def intervened_taps(self, parameters: Parameters) -> Tensor:
        """The kernel of the intervened mechanism, (..., L) or (..., E, L)."""
        raise NotImplementedError

    def output_taps(self, parameters: Parameters) -> Tensor | None:
        """The kernel from noise to output, where there is one."""
        raise NotImplementedError

    def log_generic_ratios(self, parameters: Parameters) -> Tensor:
        """log rho of every mechanism that has one of its own, (..., m): what methods may enforce."""
        raise NotImplementedError

    def degrees_of_freedom(self, phase: bool) -> int:
        """How many parameters the observation determines, phase observed or not."""
        raise NotImplementedError

    def mean(self, spectrum: Tensor) -> Tensor:
        """Mean over all n bins of a spectrum on the non-negative frequencies: (..., n // 2 + 1) -> (...)."""
        return (spectrum * half_weights(self.n, spectrum.dtype, spectrum.device)).sum(-1)

    def _overall(self, values: Tensor) -> Tensor:
        """Mean over environments where there are any."""
        return values.mean(-1) if self.environments else values

    def parts(self, parameters: Parameters) -> Spectra:
        """P, R and Q on all n bins."""
        P, R, Q = self.half_parts(parameters)
        return mirrored(P, self.n), mirrored(R, self.n), mirrored(Q, self.n)

    def half_spectrum(self, parameters: Parameters) -> Tensor:
        """Power spectrum S of the output on the non-negative frequencies, (..., [E,] n // 2 + 1)."""
        P, R, Q = self.half_parts(parameters)
        return P * R + Q

    def laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """Intervention on the intervened mechanism -> power spectrum of X under it, (..., n) or (..., E n)."""
        P, R, Q = self.parts(parameters)
        taps = self.intervened_taps(parameters)
        return lambda g: self._flat(self.acted(g, P, taps) * R + Q)

    def output_laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """The same with the intervention on the output: mechanism k is the whole model, nothing follows it."""
        P, R, Q = self.parts(parameters)
        taps = self.output_taps(parameters)
        return lambda g: self._flat(self.acted(g, P * R + Q, taps))

    def acted(self, g: Intervention, power: Tensor, taps: Tensor | None) -> Tensor:
        """Power spectrum of the intervened kernel, (..., n), from that without intervention and its taps."""
        if not isinstance(g, KernelIntervention):
            raise TypeError(f"{type(self).__name__} has no intervention {g}")
        return g.acted(power, taps, self.n)

    def _flat(self, spectra: Tensor) -> Tensor:
        return spectra.flatten(-2) if self.environments else spectra

    def generic_power(self, parameters: Parameters) -> Tensor:
        """E_g C(P_g) over all modulations of the intervened mechanism, (...): <P> <R> + <Q>."""
        P, R, Q = map(self.mean, self.half_parts(parameters))
        return self._overall(P * R + Q)

    def log_generic_ratio(self, parameters: Parameters) -> Tensor:
        """log rho = log C(P) / E_g C(P_g), the log spectral density ratio: (...)."""
        return (self._overall(self.mean(self.half_spectrum(parameters))) / self.generic_power(parameters)).log()

    def invariants(self, parameters: Parameters) -> dict[str, Tensor]:
        """phi, complete for extrapolation equivalence under modulation; `log_power` differs absolutely."""
        raise NotImplementedError

    def parameter_error(self, parameters: Parameters, true: Parameters, phase: bool) -> Tensor:
        """sqrt(mean_k |k_hat_k - k_k|^2) of unit-norm kernels, least over delays and signs: (R,)."""
        ties = self.ties if phase else "free"
        return kernel_error([parameters[k] for k in self.names], [true[k] for k in self.names], self.n, ties)

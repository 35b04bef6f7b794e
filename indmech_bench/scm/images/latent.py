"""Faces from a latent code that mixes layouts, convolved with shapes; an encoder beside them (docs/images.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from math import log
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench.scm.divergences import Factored
from indmech_bench.scm.images.convolving import convolved, spectrum
from indmech_bench.scm.images.faces import push_forward
from indmech_bench.scm.images.pushing import on_canvas, pushed
from indmech_bench.scm.interventions import Intervention
from indmech_bench.scm.models.base import BaseModel
from indmech_bench.scm.parameters import Parameters

SPREAD = 0.1
"""Standard deviation of an encoder's codes where its `log_std` is 0, at the start."""


@dataclass(frozen=True)
class LatentFaces(BaseModel):
    """Whole faces X = gain * sum over parts of (layout_0 + sum_k z_k layout_k) convolved with a shape, z ~ N(0, I_d).

    Mechanism 1, the layouts that a code z of d numbers mixes, (1 + d, P, n, n); mechanism 2 one kernel a part, (P, q,
    q). The encoder q(z | x) = N(weight (x - mean image), (SPREAD exp(log_std))^2) is a nuisance: trained, in no
    mechanism, never intervened on, never in a norm or in rho. Laws are those of the decoder, Gaussian with d
    directions, in closed form: tables (1 + d, n, n) of the mean and of a factor of the covariance, compared whatever
    coordinates the code has.

    The genericity group modulates the layouts of each part in the plane, each by its own shift.

    codes: d. size: q, along an axis.
    """

    codes: int = 4
    size: int = 7
    parts: int = 3
    n: int = 16

    geometry: ClassVar[Factored] = Factored()
    environments: ClassVar[None] = None
    null_on_request: ClassVar[bool] = True

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Parameter name -> shape of one replicate and start."""
        return {
            "layout": (1 + self.codes, self.parts, self.n, self.n),
            "shape": (self.parts, self.size, self.size),
            "encoder.weight": (self.codes, self.n**2),
            "encoder.log_std": (self.codes,),
        }

    @property
    def mechanisms(self) -> dict[str, tuple[str, ...]]:
        return {"layout": ("layout",), "shape": ("shape",)}

    @property
    def start_scales(self) -> dict[str, float]:
        """Layouts and shapes of each part of norm 1; codes of the size of their prior, spread by SPREAD."""
        layout = 1 / (self.n * (1 + self.codes) ** 0.5)
        return {"layout": layout, "shape": 1 / self.size, "encoder.weight": 1 / self.n, "encoder.log_std": 0.0}

    @property
    def gain(self) -> float:
        """Makes layouts and shapes of unit norm a mean power of about 1."""
        return self.n / self.parts**0.5

    def degrees_of_freedom(self, phase: bool) -> int:
        """Of mean and covariance: a factor's coordinates turn freely."""
        return (1 + self.codes) * self.n**2 - self.codes * (self.codes - 1) // 2

    def rescale(self, parameters: Parameters, factor: Tensor) -> dict[str, Tensor]:
        """Multiply the output by `factor` (R,), and have the encoder read it as before."""
        shape = parameters["shape"] * factor[:, None, None, None]
        return {**parameters, "shape": shape, "encoder.weight": parameters["encoder.weight"] / factor[:, None, None]}

    def tables(self, parameters: Parameters) -> Tensor:
        """Mean and factor, (..., 1 + d, n, n)."""
        return self.gain * convolved(parameters["layout"], parameters["shape"]).sum(-3)

    def encoded(self, parameters: Parameters, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean (..., N, d) and standard deviation (..., d) of the codes of images less their mean."""
        weight = parameters["encoder.weight"]
        seen = torch.bmm(images.flatten(0, -3), weight.flatten(0, -3).mT).reshape(*images.shape[:-1], self.codes)
        return seen, SPREAD * parameters["encoder.log_std"].exp()

    def posterior(self, decoder: Parameters, noise: float) -> dict[str, Tensor]:
        """The parameters of the best encoder of a decoder (R, ...), for images with white noise of this power."""
        factor = self.tables(decoder).flatten(-2)[:, 1:]
        precision = torch.bmm(factor, factor.mT) + noise * torch.eye(self.codes, dtype=factor.dtype)
        weight = torch.linalg.solve(precision, factor)
        return {
            **decoder,
            "encoder.weight": weight,
            "encoder.log_std": (noise / precision.diagonal(dim1=-2, dim2=-1)).log() / 2 - log(SPREAD),
        }

    def laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """Push-forward of the layouts or of the shapes -> mean and factor (R, 1 + d, n, n)."""
        layout, shape = parameters["layout"], parameters["shape"]
        canvas = on_canvas(shape, self.n)

        def law(g: Intervention) -> Tensor:
            acts = push_forward(g)
            if acts.mechanism == "layout":
                return self.tables({"layout": pushed(layout, acts), "shape": shape})
            return self.tables({"layout": layout, "shape": pushed(canvas, acts)})

        return law

    def output_laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """The same with the intervention on the output: the layout is the image and shapes are spikes."""
        tables = self.tables(parameters)
        return lambda g: pushed(tables, push_forward(g))

    def pictures(self, law: Tensor) -> Tensor:
        """Of laws (R, 1 + d, n, n) the mean face, and it two standard deviations up and down the widest direction."""
        mean, factor = law[:, 0], law[:, 1:].flatten(-2)
        widest = torch.linalg.svd(factor, full_matrices=False)
        direction = (widest.S[:, :1] * widest.Vh[:, 0]).unflatten(-1, (self.n, self.n))
        return torch.stack([mean, mean + 2 * direction, mean - 2 * direction], 1)

    def _generic_energies(self, parameters: Parameters) -> Tensor:
        layouts = parameters["layout"].square().sum((-2, -1)).sum(-2)
        return layouts * parameters["shape"].square().sum((-2, -1))

    def generic_power(self, parameters: Parameters) -> Tensor:
        """E_g C(P_g) over modulations of each part's layouts, (...)."""
        return self.gain**2 * self._generic_energies(parameters).sum(-1) / self.n**2

    def log_generic_ratio(self, parameters: Parameters) -> Tensor:
        """log rho of the layouts of all parts: log C(P) / E_g C(P_g), what parts have in common counts: (...)."""
        return (self.geometry.power(self.tables(parameters)) / self.generic_power(parameters)).log()

    def log_generic_ratios(self, parameters: Parameters) -> Tensor:
        """log rho of every part alone, the spectral density ratio of its layouts and its shape: (..., P)."""
        energies = convolved(parameters["layout"], parameters["shape"]).square().sum((-2, -1)).sum(-2)
        return (energies / self._generic_energies(parameters)).log()

    def invariants(self, parameters: Parameters) -> dict[str, Tensor]:
        """Not known."""
        return {}

    def parameter_error(self, parameters: Parameters, true: Parameters, phase: bool) -> Tensor:
        """sqrt(mean over parts of |s_hat - s|^2) of shapes of unit norm, least over delays, signs and orders: (R,).

        Layouts are left out: the code's coordinates are not known.
        """
        one, other = (spectrum(side["shape"], self.n) for side in (parameters, true))
        cosines = []
        for order in permutations(range(self.parts)):
            delays = torch.fft.irfft2(one[:, list(order)] * other.conj(), s=(self.n, self.n)).flatten(-2).abs().amax(-1)
            norms = parameters["shape"][:, list(order)].flatten(2).norm(dim=-1) * true["shape"].flatten(2).norm(dim=-1)
            cosines.append((delays / norms).mean(-1))
        return (2 - 2 * torch.stack(cosines).amax(0)).clamp_min(0).sqrt()

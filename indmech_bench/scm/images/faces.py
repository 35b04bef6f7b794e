"""Toy faces: each part's image is a layout of spikes, convolved with the part's shape (docs/images.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import softplus

from indmech_bench.scm.divergences import Paired
from indmech_bench.scm.images.convolving import convolved, energy, spectrum
from indmech_bench.scm.images.pushing import on_canvas, pushed
from indmech_bench.scm.interventions import Intervention, PushForward
from indmech_bench.scm.models.base import BaseModel
from indmech_bench.scm.parameters import Parameters

SHARPNESS, OFFSET = 8.0, 2.0
"""softplus(SHARPNESS a - OFFSET) / SHARPNESS is the layout of a table a: non-negative, near 0 where training starts."""
OFF = -100.0
"""A table's entry whose softplus is 0 exactly."""
SPIKES = 65 / 12
"""Mean energy of a face: five spikes, amplitudes U(1/2, 3/2), shapes of unit norm."""


@dataclass(frozen=True)
class FacesModel(BaseModel):
    """Images of parts (..., F, P, n, n) = gain * layout convolved with shape, circular.

    Mechanism 1, the layout, is a table of its own for every face and part, (F, P, n, n); mechanism 2 one kernel a part,
    (P, q, q), shared by all faces. The law is the table of images: outputs of truth and solution are paired by face.
    The gain makes spikes of amplitude 1 with shapes of unit norm a mean power of about 1, so that parameters of a
    start are small beside those of a solution whatever the number of pixels.

    faces: F. size: q, along an axis. positive: whether the layout is the softplus of its table, or the table itself.
    """

    faces: int
    size: int
    positive: bool = False
    parts: int = 3
    n: int = 32

    geometry: ClassVar[Paired] = Paired(4)
    environments: ClassVar[None] = None
    null_on_request: ClassVar[bool] = True

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Parameter name -> shape of one replicate and start."""
        return {"layout": (self.faces, self.parts, self.n, self.n), "shape": (self.parts, self.size, self.size)}

    @property
    def start_scales(self) -> dict[str, float]:
        """Of each mechanism 1 over its size along an axis."""
        return {"layout": 1 / self.n, "shape": 1 / self.size}

    @property
    def gain(self) -> float:
        return self.n * (self.parts / SPIKES) ** 0.5

    def degrees_of_freedom(self, phase: bool) -> int:
        """Pixels of all images."""
        return self.faces * self.parts * self.n**2

    def layout(self, parameters: Parameters) -> Tensor:
        """Layouts (..., F, P, n, n) from the tables."""
        table = parameters["layout"]
        return softplus(SHARPNESS * table - OFFSET) / SHARPNESS if self.positive else table

    def table(self, layout: Tensor) -> Tensor:
        """The table of a layout without negative entries, inverse of `layout`; a layout's zeros stay zeros."""
        if not self.positive:
            return layout
        scaled = SHARPNESS * layout
        inverse = torch.where(scaled > 20, scaled, scaled.clamp_min(1e-12).expm1().log())  # softplus is linear from 20
        return torch.where(layout > 0, (inverse + OFFSET) / SHARPNESS, OFF)

    def rescale(self, parameters: Parameters, factor: Tensor) -> dict[str, Tensor]:
        """Multiply the output by `factor` (R,), which the shapes bear: a softplus table has no scale."""
        return {**parameters, "shape": parameters["shape"] * factor[:, None, None, None]}

    def images(self, parameters: Parameters) -> Tensor:
        """Each part's image, (..., F, P, n, n)."""
        return self.gain * convolved(self.layout(parameters), parameters["shape"])

    def distance(self, parameters: Parameters, target: Tensor | None = None) -> Tensor:
        """sum over faces and pixels of squared differences from what has the spectrum `target`, part by part, (..., P).

        In units of gain^2; without a target the energy itself.
        """
        return energy(self.layout(parameters), parameters["shape"], target)

    def pictures(self, law: Tensor) -> Tensor:
        """Whole faces (..., F, n, n) of a law, its parts laid over each other."""
        return law.sum(-3)

    def sparsity(self, parameters: Parameters) -> Tensor:
        """sum over parts of the layouts' mean over faces of |.|_1, times the shape's norm: (...)."""
        layouts = self.layout(parameters).abs().sum((-2, -1)).mean(-2)
        return (layouts * self.shape_energies(parameters["shape"]).sqrt()).sum(-1)

    def laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """Push-forward of the layout or of the shapes -> images (R, F, P, n, n)."""
        layout, shape = self.layout(parameters), parameters["shape"]
        canvas = on_canvas(shape, self.n)

        def law(g: Intervention) -> Tensor:
            acts = push_forward(g)
            if acts.mechanism == "layout":
                return self.gain * convolved(pushed(layout, acts), shape)
            return self.gain * convolved(layout, pushed(canvas, acts))

        return law

    def output_laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """The same with the intervention on the output: the layout is the image and shapes are spikes."""
        images = self.images(parameters)
        return lambda g: pushed(images, push_forward(g))

    def shape_energies(self, shape: Tensor) -> Tensor:
        """|shape|^2 of every part, (..., P)."""
        return shape.square().sum((-2, -1))

    def _generic_energies(self, parameters: Parameters) -> Tensor:
        """Mean of each part's energy over modulations of its layout, (..., P), in units of gain^2."""
        layouts = self.layout(parameters).square().sum((-2, -1)).sum(-2)
        return layouts * self.shape_energies(parameters["shape"])

    def generic_power(self, parameters: Parameters) -> Tensor:
        """E_g C(P_g) over modulations of the layouts in the plane, (...)."""
        return self.gain**2 * self._generic_energies(parameters).sum(-1) / self.degrees_of_freedom(phase=True)

    def log_generic_ratio(self, parameters: Parameters) -> Tensor:
        """log rho = log C(P) / E_g C(P_g), all parts together: (...)."""
        return (self.distance(parameters).sum(-1) / self._generic_energies(parameters).sum(-1)).log()

    def log_generic_ratios(self, parameters: Parameters) -> Tensor:
        """log rho of every part, the spectral density ratio of its layouts and its shape: (..., P)."""
        return (self.distance(parameters) / self._generic_energies(parameters)).log()

    def invariants(self, parameters: Parameters) -> dict[str, Tensor]:
        """Not known."""
        return {}

    def parameter_error(self, parameters: Parameters, true: Parameters, phase: bool) -> Tensor:
        """sqrt(mean over mechanisms and parts of |m_hat - m|^2), each of unit norm: (R,).

        Least over delays (opposite ones of layout and shape) and signs, part by part.
        """
        layout, true_layout = (self.layout(side).transpose(1, 2) for side in (parameters, true))  # (R, P, F, n, n)
        shape, true_shape = (side["shape"].unsqueeze(2) for side in (parameters, true))
        cosines = circular_correlation(layout, true_layout, self.n) + circular_correlation(true_shape, shape, self.n)
        best = cosines.flatten(-2).abs().amax(-1)
        return (2 - best).clamp_min(0).mean(-1).sqrt()


def push_forward(g: Intervention) -> PushForward:
    """An intervention that images know. Raises TypeError."""
    if not isinstance(g, PushForward):
        raise TypeError(f"images have no intervention {g}")
    return g


def circular_correlation(one: Tensor, other: Tensor, n: int) -> Tensor:
    """Cosine of (R, P, F, h, w) with the other, over all F at once, at each delay: (R, P, n, n)."""
    product = (spectrum(one, n) * spectrum(other, n).conj()).sum(2)
    sizes = [value.flatten(2).norm(dim=-1)[..., None, None] for value in (one, other)]
    return torch.fft.irfft2(product, s=(n, n)) / (sizes[0] * sizes[1])

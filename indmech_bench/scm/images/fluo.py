"""Faces in colour: layouts of spikes, shapes put at them, and a colour a part (docs/images.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from indmech_bench.scm.images.colours import CHANNELS, recoloured, repainted
from indmech_bench.scm.images.convolving import convolved
from indmech_bench.scm.images.faces import FacesModel, push_forward
from indmech_bench.scm.images.pushing import on_canvas, pushed
from indmech_bench.scm.interventions import Intervention, Recolour
from indmech_bench.scm.parameters import Parameters


@dataclass(frozen=True)
class FluoModel(FacesModel):
    """Whole faces in colour (..., F, 3, n, n) = gain * sum over parts of colour times (layout convolved with shape).

    Mechanisms: layouts (F, P, n, n) and shapes (P, q, q) as in `FacesModel`, and colours (F, P, 3), the last of the
    chain. Nothing says which part is which: interventions call a part by its place from the top, parts ordered by the
    mean row of their images, weighted by power over all faces. That order, and all laws, are the same for solutions
    that differ by an order of parts, or by scale or sign between mechanisms.

    The genericity group has two factors: modulations of the layouts in the plane, which give each part a rho, and
    rotations of the space of parts between shapes and colours, which give the colours one: the trace ratio. Colours are
    what is intervened on, so theirs is `log_generic_ratio`.
    """

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Parameter name -> shape of one replicate and start."""
        return {**super().shapes, "colour": (self.faces, self.parts, CHANNELS)}

    @property
    def start_scales(self) -> dict[str, float]:
        """As of faces without colours; colours of norm 1."""
        return {**super().start_scales, "colour": CHANNELS**-0.5}

    def degrees_of_freedom(self, phase: bool) -> int:
        """Pixels of all images, in each channel."""
        return self.faces * CHANNELS * self.n**2

    def parts_in_grey(self, parameters: Parameters) -> Tensor:
        """Each part's image before it has a colour, (..., F, P, n, n)."""
        return convolved(self.layout(parameters), parameters["shape"])

    def painted(self, grey: Tensor, colour: Tensor) -> Tensor:
        """Images (..., F, 3, n, n) of parts (..., F, P, n, n) in colours (..., F, P, 3)."""
        pixels = torch.bmm(colour.flatten(0, -3).mT, grey.flatten(-2).flatten(0, -3))
        return self.gain * pixels.reshape(*colour.shape[:-2], CHANNELS, *grey.shape[-2:])

    def images(self, parameters: Parameters) -> Tensor:
        return self.painted(self.parts_in_grey(parameters), parameters["colour"])

    def pictures(self, law: Tensor) -> Tensor:
        """The images of a law themselves."""
        return law

    def sparsity(self, parameters: Parameters) -> Tensor:
        """sum over parts of the mean over faces of |layout|_1 |colour|_2, times the shape's norm: (...)."""
        layouts = self.layout(parameters).abs().sum((-2, -1)) * parameters["colour"].square().sum(-1).sqrt()
        return (layouts.mean(-2) * parameters["shape"].square().sum((-2, -1)).sqrt()).sum(-1)

    def from_top(self, grey: Tensor, colour: Tensor) -> Tensor:
        """Indices of the parts from the top down, (R, P), of parts (R, F, P, n, n) in colours (R, F, P, 3)."""
        rows = (grey.square().sum(-1) * colour.square().sum(-1, keepdim=True)).sum(1)
        place = torch.arange(self.n, dtype=rows.dtype)
        return ((rows * place).sum(-1) / rows.sum(-1)).argsort(-1)

    def laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """Another hue of a part, push-forward of the layout or of the shapes -> images (R, F, 3, n, n)."""
        grey, colour = self.parts_in_grey(parameters), parameters["colour"]
        order = self.from_top(grey, colour)
        layout, canvas = self.layout(parameters), on_canvas(parameters["shape"], self.n)

        def law(g: Intervention) -> Tensor:
            if isinstance(g, Recolour):
                chosen = torch.arange(self.parts) == order[:, g.part, None]
                return self.painted(grey, torch.where(chosen[:, None, :, None], recoloured(colour, g.hue), colour))
            acts = push_forward(g)
            if acts.mechanism == "layout":
                return self.painted(convolved(pushed(layout, acts), parameters["shape"]), colour)
            return self.painted(convolved(layout, pushed(canvas, acts)), colour)

        return law

    def output_laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """The same with the intervention on the output: all pixels take the hue, or are pushed."""
        images = self.images(parameters)
        return lambda g: repainted(images, g.hue) if isinstance(g, Recolour) else pushed(images, push_forward(g))

    def _generic_colours(self, grey: Tensor, colour: Tensor) -> Tensor:
        """Mean energy over rotations of the space of parts, (...), in units of gain^2: sum_f |C_f|^2 |V_f|^2 / P."""
        return (colour.square().sum((-2, -1)) * grey.square().sum((-3, -2, -1))).sum(-1) / self.parts

    def generic_power(self, parameters: Parameters) -> Tensor:
        """E_g C(P_g) over rotations of the space of parts, (...)."""
        generic = self._generic_colours(self.parts_in_grey(parameters), parameters["colour"])
        return self.gain**2 * generic / self.degrees_of_freedom(phase=True)

    def log_generic_ratio(self, parameters: Parameters) -> Tensor:
        """log rho of the colours: log C(P) / E_g C(P_g), (...)."""
        return self.log_generic_ratios(parameters)[..., -1]

    def log_generic_ratios(self, parameters: Parameters) -> Tensor:
        """log rho of every part, the density ratio of its layouts and its shape, then of the colours: (..., P + 1)."""
        grey, colour = self.parts_in_grey(parameters), parameters["colour"]
        of_parts = grey.square().sum((-2, -1)).sum(-2) / self._generic_energies(parameters)
        power = self.painted(grey, colour).square().sum((-4, -3, -2, -1)) / self.gain**2
        of_colours = power / self._generic_colours(grey, colour)
        return torch.cat([of_parts, of_colours.unsqueeze(-1)], -1).log()

    def parameter_error(self, parameters: Parameters, true: Parameters, phase: bool) -> Tensor:
        """As of faces without colours, parts from the top down; colours left out: (R,)."""
        sides = []
        for side in (parameters, true):
            order = self.from_top(self.parts_in_grey(side), side["colour"])
            rows = torch.arange(len(order))[:, None]
            layout = side["layout"] * side["colour"].norm(dim=-1)[..., None, None]
            sides.append(
                {"layout": layout.transpose(1, 2)[rows, order].transpose(1, 2), "shape": side["shape"][rows, order]}
            )
        return super().parameter_error(sides[0], sides[1], phase)

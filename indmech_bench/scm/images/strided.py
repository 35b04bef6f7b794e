"""Images by a transposed convolution of stride 2 with several outputs: the architecture that generators really have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from indmech_bench.scm.images.convolving import convolved, energy
from indmech_bench.scm.images.faces import FacesModel, circular_correlation, push_forward
from indmech_bench.scm.images.pushing import on_canvas, pushed
from indmech_bench.scm.interventions import Intervention
from indmech_bench.scm.parameters import Parameters

STRIDE = 2


@dataclass(frozen=True)
class StridedFacesModel(FacesModel):
    """Images (..., F, P outputs, 2n, 2n): zeros between the places of a layout, then a shape an output, circular.

    Mechanism 2 is (P, outputs, q, q), shared by all faces; outputs of a part stand side by side. Layouts are seen
    through `outputs` shapes at once, and twice as finely as they are made: far fewer layouts and shapes fit than at
    stride 1.
    """

    outputs: int = 3

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {**super().shapes, "shape": (self.parts, self.outputs, self.size, self.size)}

    def degrees_of_freedom(self, phase: bool) -> int:
        return self.outputs * STRIDE**2 * super().degrees_of_freedom(phase)

    def rescale(self, parameters: Parameters, factor: Tensor) -> dict[str, Tensor]:
        return {**parameters, "shape": parameters["shape"] * factor[:, None, None, None, None]}

    def images(self, parameters: Parameters) -> Tensor:
        return self._images(self.layout(parameters), parameters["shape"])

    def distance(self, parameters: Parameters, target: Tensor | None = None) -> Tensor:
        squares = energy(self._between_zeros(self.layout(parameters)), parameters["shape"].flatten(-4, -3), target)
        return squares.unflatten(-1, (self.parts, self.outputs)).sum(-1)

    def laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """Push-forward of the layout, or of the shapes about their places among the pixels -> images."""
        layout, shape = self.layout(parameters), parameters["shape"]
        canvas = on_canvas(shape, STRIDE * self.n)

        def law(g: Intervention) -> Tensor:
            acts = push_forward(g)
            if acts.mechanism == "layout":
                return self._images(pushed(layout, acts), shape)
            return self._images(layout, pushed(canvas, acts))

        return law

    def _images(self, layout: Tensor, shape: Tensor) -> Tensor:
        return self.gain * convolved(self._between_zeros(layout), shape.flatten(-4, -3))

    def _between_zeros(self, layout: Tensor) -> Tensor:
        """(..., F, P, n, n) -> (..., F, P outputs, 2n, 2n), the same for every output."""
        wide = layout.new_zeros(*layout.shape[:-2], STRIDE * self.n, STRIDE * self.n)
        wide[..., ::STRIDE, ::STRIDE] = layout
        return wide.repeat_interleave(self.outputs, -3)

    def shape_energies(self, shape: Tensor) -> Tensor:
        return shape.square().sum((-3, -2, -1))

    def parameter_error(self, parameters: Parameters, true: Parameters, phase: bool) -> Tensor:
        """As of the base; a layout's delay by one place is one of two pixels of its shapes."""
        layout, true_layout = (self.layout(side).transpose(1, 2) for side in (parameters, true))
        cosines = circular_correlation(layout, true_layout, self.n)
        shapes = circular_correlation(true["shape"], parameters["shape"], STRIDE * self.n)
        best = (cosines + shapes[..., ::STRIDE, ::STRIDE]).flatten(-2).abs().amax(-1)
        return (2 - best).clamp_min(0).mean(-1).sqrt()

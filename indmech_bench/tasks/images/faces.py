"""Toy faces: image generators whose layouts are stretched, the truth known (docs/images.md)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

from indmech_bench.errors import InputError, unknown
from indmech_bench.registry.registration import register_task
from indmech_bench.scm.images.faces import FacesModel
from indmech_bench.scm.interventions import layout_stretches
from indmech_bench.scm.observations.images import PartImages
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.images.image_task import ImageTask
from indmech_bench.tasks.sampling import each, normal, unit_power

KINDS = ("white", "smooth", "digit")
ACTIVATIONS = ("linear", "softplus")
SIZES = (5, 9)
MARGIN = 1
"""Taps that a learner's shape has more than the true one, on every side."""


@register_task("toy-faces", version=1)
@register_task("toy-faces-single", version=1, faces=1)
@register_task("toy-faces-headline", version=1, size=9, activation="softplus", independence="drawn independently")
@register_task("toy-faces-apart", version=1, size=9, activation="softplus", apart=True)
@dataclass(frozen=True)
class ToyFaces(ImageTask):
    """Faces of 32 x 32 pixels seen part by part: a layout of spikes a face, convolved with a shape a part.

    Eyes are two spikes, the nose is one, the mouth two; each part's amplitude is U(1/2, 3/2). The learner has a free
    layout for every face and part, and shapes of two more taps along each axis. Scored: layouts stretched horizontally
    by 0.75, 1.25 and 1.5 by push-forward; rows also hold the errors under shapes stretched by 1.5 and dilated by 2.
    A control where the spikes of every part are at least `size` apart, as they all are at size 5: rho = 1 by geometry.

    faces: how many share the shapes.
    size: taps of a true shape along an axis, 5 or 9.
    kind: of shapes: white (Gaussian taps), smooth (the same, blurred) or digit (handwritten, of scikit-learn).
    activation: layouts of the learner are its tables (linear), or softplus(8 a - 2) / 8 of them.
    apart: eyes and mouths are two spikes at least 9 apart.
    start: scale of the start that a problem offers, relative to 1 over the size of each mechanism along an axis.
    Source: docs/images.md, after the generators of Besserve et al. (AAAI 2021).
    """

    family: ClassVar[str] = "toy-faces"
    observation: ClassVar[str] = "parts"
    intervention: ClassVar[str] = "stretch of the layout"
    genericity: ClassVar[str] = "modulation of the layout in the plane"
    solutions: ClassVar[str] = "continuum"
    independence: ClassVar[str] = "yes, by geometry"
    natural: ClassVar[dict[str, Any]] = {"size": 9, "apart": False}
    ranges: ClassVar[dict[str, str]] = {"faces": "[1, 64]", "start": "(0, inf)"}

    faces: int = 12
    size: int = 5
    kind: str = "white"
    activation: str = "linear"
    apart: bool = False
    start: float = 1.0

    @property
    def start_scale(self) -> float:  # type: ignore[override]
        return self.start

    @property
    def model(self) -> FacesModel:
        return FacesModel(self.faces, self.size + 2 * MARGIN, positive=self.activation == "softplus")

    def check(self) -> None:
        if self.kind not in KINDS:
            raise unknown("kind of shapes", self.kind, KINDS)
        if self.activation not in ACTIVATIONS:
            raise unknown("activation", self.activation, ACTIVATIONS)
        if self.size not in SIZES:
            raise InputError(f"size {self.size} of a shape must be {' or '.join(map(str, SIZES))}.")

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        model = self.model

        def draw(generator: np.random.Generator) -> dict[str, Tensor]:
            layout = torch.stack([draw_layout(generator, model.n, self.apart) for _ in range(self.faces)])
            shape = draw_shapes(generator, self.kind, model.parts, self.size)
            table = model.table(layout.unsqueeze(0))
            return {"layout": table, "shape": pad(shape, (MARGIN,) * 4).unsqueeze(0)}

        return unit_power(model, layout_stretches(), each(streams, draw))

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> PartImages:
        return PartImages(self.model, self.model.images(parameters))


def draw_layout(generator: np.random.Generator, n: int, apart: bool) -> Tensor:
    """Layout (3, n, n) of one face: eyes, nose, mouth."""
    layout = torch.zeros(3, n, n, dtype=torch.float64)
    half, up, down = (int(generator.integers(*ends)) for ends in ((3, 6), (-6, -2), (4, 8)))
    x, y = (n // 2 + int(generator.integers(-1, 2)) for _ in range(2))
    eyes, nose, mouth = 0.5 + generator.random(3)
    left, right = (-4, 5) if apart else (-2, 3)
    half = 5 if apart else half
    layout[0, y + up, x - half] = layout[0, y + up, x + half] = eyes
    layout[1, y, x] = nose
    layout[2, y + down, x + left] = layout[2, y + down, x + right] = mouth
    return layout


def draw_shapes(generator: np.random.Generator, kind: str, parts: int, size: int) -> Tensor:
    """Shapes (P, size, size) of unit norm."""
    if kind == "digit":
        digits = _digits()
        chosen = digits[torch.from_numpy(generator.choice(len(digits), parts, replace=False))]
        shape = interpolate(chosen.unsqueeze(1), (size, size), mode="bilinear", antialias=True)[:, 0]
    else:
        shape = normal(generator, parts, size, size)
    if kind == "smooth":
        blur = torch.tensor([1.0, 2.0, 1.0], dtype=torch.float64) / 4
        shape = conv2d(shape.unsqueeze(1), torch.outer(blur, blur)[None, None], padding=1)[:, 0]
    return shape / shape.flatten(1).norm(dim=-1)[:, None, None]


@lru_cache(maxsize=1)
def _digits() -> Tensor:
    """Handwritten digits (1797, 8, 8) that come with scikit-learn (Alpaydin and Kaynak, UCI)."""
    from sklearn.datasets import load_digits  # slow, and one kind of shapes alone needs it

    return torch.from_numpy(load_digits().images)

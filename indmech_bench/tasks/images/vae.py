"""Faces from a latent code, seen as whole images alone (docs/images.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from indmech_bench.registry.registration import register_task
from indmech_bench.scm.images.latent import LatentFaces
from indmech_bench.scm.interventions import layout_stretches
from indmech_bench.scm.observations.elbo import Encoded
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.images.image_task import ImageTask
from indmech_bench.tasks.sampling import each, normal, unit_power

SIZE, MARGIN = 5, 1
NOISE = 0.1
"""Power of the white noise in every image, that of the law being 1."""


@register_task("toy-vae", version=1)
@dataclass(frozen=True)
class ToyVae(ImageTask):
    """Whole faces of 16 x 16 pixels from a latent code of four numbers, by a decoder of layouts and shapes.

    A mean face has two spikes for the eyes, one for the nose, two for the mouth; each number of the code adds, part by
    part, the same spikes a pixel or so aside, N(0, 1/4) times as strong. Shapes are 5 x 5 Gaussian taps, which all
    faces share. The learner is a variational autoencoder of the same kind, linear in its code, with free layouts and
    shapes of two more taps along each axis; it sees images with a tenth of white noise, not their parts. Its fit is
    the evidence lower bound; its encoder is a nuisance. Scored: layouts stretched horizontally by 0.75, 1.25 and 1.5 by
    push-forward, laws compared as Gaussians in closed form; rows also hold the errors under shapes stretched and
    dilated.

    images: how many are seen.
    start: scale of the start that a problem offers, relative to mechanisms of norm 1.
    Source: docs/images.md, after the generators of Besserve et al. (AAAI 2021).
    """

    family: ClassVar[str] = "toy-vae"
    observation: ClassVar[str] = "samples"
    intervention: ClassVar[str] = "stretch of the layout"
    genericity: ClassVar[str] = "modulation of each part's layouts in the plane"
    solutions: ClassVar[str] = "continuum"
    independence: ClassVar[str] = "drawn independently"
    shown_by: ClassVar[tuple[str, ...]] = ("images",)
    ranges: ClassVar[dict[str, str]] = {"images": "[8, 4096]", "start": "(0, inf)"}

    images: int = 256
    start: float = 1.0

    @property
    def start_scale(self) -> float:  # type: ignore[override]
        return self.start

    @property
    def model(self) -> LatentFaces:
        return LatentFaces(size=SIZE + 2 * MARGIN)

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        model = self.model

        def draw(generator: np.random.Generator) -> dict[str, Tensor]:
            shape = normal(generator, model.parts, SIZE, SIZE)
            shape = pad(shape / shape.flatten(1).norm(dim=-1)[:, None, None], (MARGIN,) * 4)
            decoder = {"layout": draw_layouts(generator, model).unsqueeze(0), "shape": shape.unsqueeze(0)}
            return model.posterior(decoder, NOISE)

        drawn = unit_power(model, layout_stretches(), each(streams, draw))
        return model.posterior({name: drawn[name] for name in ("layout", "shape")}, NOISE)

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Encoded:
        tables = self.model.tables(parameters).flatten(-2)
        codes = streams.randn("codes", self.images, self.model.codes)
        noise = streams.randn("noise", self.images, self.model.n**2)
        clean = tables[:, :1] + torch.bmm(codes, tables[:, 1:])
        return Encoded(self.model, clean + NOISE**0.5 * noise, torch.full((len(clean),), NOISE, dtype=clean.dtype))


def draw_layouts(generator: np.random.Generator, model: LatentFaces) -> Tensor:
    """Layouts (1 + d, 3, n, n): the mean face's, and what each number of the code adds."""
    layouts = torch.zeros(1 + model.codes, model.parts, model.n, model.n, dtype=torch.float64)
    middle, half = model.n // 2, int(generator.integers(2, 4))
    spikes = ((-4, -half), (-4, half)), ((0, 0),), ((4, -1), (4, 2))
    strengths = 0.5 + generator.random(model.parts)
    for row in range(1 + model.codes):
        for part, places in enumerate(spikes):
            down, right = generator.integers(-1, 2, 2) if row else (0, 0)
            strength = generator.standard_normal() / 2 if row else strengths[part]
            for y, x in places:
                layouts[row, part, middle + y + int(down), middle + x + int(right)] = strength
    return layouts

"""Real mechanisms as truths: activations and kernels of a trained generator of faces (docs/networks.md)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from indmech_bench.errors import InputError, unknown
from indmech_bench.registry.registration import register_task
from indmech_bench.scm.images.faces import SPIKES, FacesModel
from indmech_bench.scm.images.strided import StridedFacesModel
from indmech_bench.scm.interventions import layout_stretches
from indmech_bench.scm.observations.images import PartImages
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.generators.dcgan import LATENTS, trained_generator
from indmech_bench.tasks.images.image_task import ImageTask
from indmech_bench.tasks.sampling import each, normal, unit_power

LEVELS = {8: 6, 16: 9}
"""Size of the maps -> the place among the generator's parts of the layer that takes them."""
ARCHITECTURES = ("plain", "strided")
PARTS, TAPS, MARGIN = 3, 4, 1
OUTPUTS = 3


@register_task("real-layout", version=1)
@register_task("real-layout-8", version=1, size=8)
@register_task("real-layout-strided", version=1, architecture="strided")
@dataclass(frozen=True)
class RealLayout(ImageTask):
    """Layouts are activation maps of a trained generator of faces, shapes the kernels that it applies to them.

    A part is one hidden channel: its maps after ReLU in every face, and a kernel 4 x 4 of the next layer, as they are
    in the trained network; seen is their circular convolution, part by part. The learner has a free layout for every
    face and part and shapes of one more tap on every side. Scored: layouts stretched horizontally by 0.75, 1.25 and 1.5
    by push-forward. Needs the trained generator: `indmech-bench generators` fetches it; without it rows are skipped.

    size: of the maps along an axis, 8 or 16.
    architecture: plain (stride 1, one kernel a part) or strided (stride 2 and three kernels, as in the generator).
    faces: how many share the shapes.
    start: scale of the start that a problem offers, relative to 1 over the size of each mechanism along an axis.
    Source: docs/networks.md; the generator is gan_face_generate 1.1.1 by Chien Liu (MIT licence).
    """

    family: ClassVar[str] = "real-layout"
    observation: ClassVar[str] = "parts"
    intervention: ClassVar[str] = "stretch of the layout"
    genericity: ClassVar[str] = "modulation of the layout in the plane"
    solutions: ClassVar[str] = "continuum"
    independence: ClassVar[str] = "as a training left it"
    ranges: ClassVar[dict[str, str]] = {"faces": "[1, 64]", "start": "(0, inf)"}

    size: int = 16
    architecture: str = "plain"
    faces: int = 12
    start: float = 1.0

    @property
    def start_scale(self) -> float:  # type: ignore[override]
        return self.start

    @property
    def model(self) -> FacesModel:
        taps = TAPS + 2 * MARGIN
        if self.architecture == "strided":
            return StridedFacesModel(self.faces, taps, parts=PARTS, n=self.size, outputs=OUTPUTS)
        return FacesModel(self.faces, taps, parts=PARTS, n=self.size)

    def check(self) -> None:
        if self.size not in LEVELS:
            raise InputError(f"size {self.size} of the maps must be {' or '.join(map(str, LEVELS))}.")
        if self.architecture not in ARCHITECTURES:
            raise unknown("architecture", self.architecture, ARCHITECTURES)

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        """Truths from latents, channels and outputs of a seed's own. Raises UnsupportedError without the generator."""
        before, weight = _mechanisms(self.size)

        def draw(generator: np.random.Generator) -> dict[str, Tensor]:
            maps = before(normal(generator, self.faces, LATENTS, 1, 1).to(weight.dtype)).double()
            awake = (maps.square().sum((0, 2, 3)) > 0).nonzero()[:, 0].numpy()
            channels = torch.from_numpy(generator.choice(awake, PARTS, replace=False))
            count = OUTPUTS if self.architecture == "strided" else 1
            drawn = [generator.choice(weight.shape[1], count, replace=False) for _ in range(PARTS)]
            outputs = torch.from_numpy(np.stack(drawn))
            layout = maps[:, channels]
            layout = layout * (SPIKES * self.faces / layout.square().sum()).sqrt()
            kernels = weight[channels[:, None], outputs].double()  # (P, outputs, 4, 4)
            shape = pad(kernels if self.architecture == "strided" else kernels[:, 0], (MARGIN,) * 4)
            return {"layout": layout.unsqueeze(0), "shape": shape.unsqueeze(0)}

        return unit_power(self.model, layout_stretches(), each(streams, draw))

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> PartImages:
        return PartImages(self.model, self.model.images(parameters))


@lru_cache(maxsize=len(LEVELS))
def _mechanisms(size: int) -> tuple[nn.Module, Tensor]:
    """The generator up to the maps of this size, and the weight (H, O, 4, 4) of the layer that takes them."""
    container: Any = trained_generator("faces").get_submodule("main")
    index = LEVELS[size]
    return container[:index], container[index].weight.detach()

"""Faces in colour whose parts take hues that no training image has, the truth known (docs/images.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from indmech_bench.registry.registration import register_task
from indmech_bench.scm.images.colours import SEEN_HUES, colour_of
from indmech_bench.scm.images.fluo import FluoModel
from indmech_bench.scm.interventions import Family, recolourings
from indmech_bench.scm.observations.pictures import Pictures
from indmech_bench.scm.parameters import Parameters
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.images.classifier import Law, accuracies_without_model, accuracy_with
from indmech_bench.tasks.images.image_task import ImageTask
from indmech_bench.tasks.sampling import each, normal, unit_power
from indmech_bench.tasks.truth import Truth

PIXELS, SIZE, MARGIN = 16, 5, 1
HALVES = (2, 4)
"""How far an eye is from the middle where eyes are near, and far: what the classifier tells apart."""


@register_task("fluo-faces", version=1)
@dataclass(frozen=True)
class FluoFaces(ImageTask):
    """Whole faces of 16 x 16 pixels in colour: layouts of spikes, shapes put at them, a colour for every part and face.

    Eyes are two spikes, 2 or, in every other face, 4 from the middle, the nose is one, the mouth two; amplitudes are
    U(1/2, 3/2), shapes 5 x 5 taps |N(0, 1)| that all faces share. Near eyes are red, far ones blue, noses yellow and
    mouths purple, hues drawn within a range, brightness U(3/4, 5/4). The learner has a layout and a colour for every
    face and part and shapes of two more taps along each axis, and sees the parts laid over each other: nothing says
    which is which. Scored: the uppermost part takes hues 120, 150 and 180, which no training image has; rows also hold
    the errors with the lowest part in another hue, with layouts and with shapes stretched by 1.5. Rows also say what
    extrapolated samples are worth to a classifier of near and far eyes, which colour tells in all ordinary images.

    faces: how many share the shapes.
    start: scale of the start that a problem offers, relative to mechanisms of norm 1.
    Source: docs/images.md, after the hair in fluorescent colours of Besserve et al. (AAAI 2021).
    """

    family: ClassVar[str] = "fluo-faces"
    observation: ClassVar[str] = "pictures"
    intervention: ClassVar[str] = "hue of a part"
    genericity: ClassVar[str] = "rotation of the space of parts; modulation of the layout in the plane"
    solutions: ClassVar[str] = "continuum"
    independence: ClassVar[str] = "drawn independently"
    ranges: ClassVar[dict[str, str]] = {"faces": "[2, 128]", "start": "(0, inf)"}

    faces: int = 32
    start: float = 1.0

    @property
    def start_scale(self) -> float:  # type: ignore[override]
        return self.start

    @property
    def model(self) -> FluoModel:
        return FluoModel(self.faces, SIZE + 2 * MARGIN, positive=True, n=PIXELS)

    def interventions(self, streams: Streams) -> Family:
        return recolourings()

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        model = self.model

        def draw(generator: np.random.Generator) -> dict[str, Tensor]:
            shape = normal(generator, model.parts, SIZE, SIZE).abs()
            shape = shape / shape.flatten(1).norm(dim=-1)[:, None, None]
            faces = draw_faces(generator, model, self.faces)
            return {
                "layout": faces["layout"],
                "shape": pad(shape, (MARGIN,) * 4).unsqueeze(0),
                "colour": faces["colour"],
            }

        return unit_power(model, recolourings(), each(streams, draw))

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> Pictures:
        return Pictures(self.model, self.model.images(parameters))

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        return {**super().facts(truth), **accuracies_without_model(truth, anew, are_far)}

    def use(self, truth: Truth, law: Law, parameters: Parameters | None) -> Tensor:
        """Accuracy, on truly intervened images, of the classifier that the solution's samples teach: (R,)."""
        return accuracy_with(truth, law, anew, are_far)


def draw_faces(generator: np.random.Generator, model: FluoModel, faces: int) -> dict[str, Tensor]:
    """Layouts, as tables (1, F, 3, n, n), and colours (1, F, 3, 3) of so many faces; eyes first, then nose, mouth."""
    layout = torch.zeros(1, faces, model.parts, model.n, model.n, dtype=torch.float64)
    hues = torch.zeros(1, faces, model.parts, dtype=torch.float64)
    for face in range(faces):
        far = face % 2
        x, y = (model.n // 2 + int(generator.integers(-1, 2)) for _ in range(2))
        eyes, nose, mouth = 0.5 + generator.random(3)
        layout[0, face, 0, y - 4, x - HALVES[far]] = layout[0, face, 0, y - 4, x + HALVES[far]] = eyes
        layout[0, face, 1, y, x] = nose
        layout[0, face, 2, y + 4, x - 1] = layout[0, face, 2, y + 4, x + 2] = mouth
        for part, which in enumerate((far, 0, 0)):
            hues[0, face, part] = generator.uniform(*SEEN_HUES[part][which])
    brightness = torch.from_numpy(0.75 + generator.random((1, faces, model.parts, 1)) / 2)
    return {"layout": model.table(layout), "colour": brightness * colour_of(hues)}


def anew(truth: Truth, stream: str, faces: int) -> Truth:
    """So many other faces of the same shapes, drawn from this stream."""
    assert isinstance(truth.model, FluoModel)
    model = replace(truth.model, faces=faces)
    rows = [draw_faces(generator, model, faces) for generator in truth.streams.generators(stream)]
    drawn = {name: torch.cat([row[name] for row in rows]) for name in rows[0]}
    return replace(truth, model=model, parameters={**truth.parameters, **drawn})


def are_far(truth: Truth) -> Tensor:
    """Whether the eyes of each face are far from each other, (R, F) bool."""
    assert isinstance(truth.model, FluoModel)
    columns = truth.model.layout(truth.parameters)[:, :, 0].sum(-2) > 1e-9
    place = torch.arange(columns.shape[-1])
    first = torch.where(columns, place, len(place)).amin(-1)
    return torch.where(columns, place, -1).amax(-1) - first > sum(HALVES)

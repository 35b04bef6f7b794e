"""What distances between samples are where nothing is wrong: between the images trained on and those that are not."""

from __future__ import annotations

import torch
from torch import Tensor

from indmech_bench.scm.generators.measures import fine_distance
from indmech_bench.scm.generators.model import IMAGES, TRAINING, GeneratorModel, stretched_each
from indmech_bench.scm.generators.moments import GaussianImages, moments
from indmech_bench.tasks.truth import Truth


def floors(truth: Truth) -> dict[str, list[float | None]]:
    """`floor_frechet`, that of Fréchet distances over how far a stretch moves, and `floor_sample_distance`: R values.

    Of the images that networks are trained on in the place of a network's.
    """
    model, space, g = truth.model, GaussianImages(), truth.family.scored[0]
    assert isinstance(model, GeneratorModel)

    def law(pictures: Tensor) -> Tensor:
        return torch.stack([moments(own) for own in model.blocks(pictures, model.law_block)])

    held_out, seen = truth.parameters[IMAGES], truth.parameters[TRAINING]
    true = law(stretched_each(held_out, g))
    wrong, moved = space.divergence(law(stretched_each(seen, g)), true), space.divergence(law(held_out), true)
    fine = [fine_distance(one, other) for one, other in zip(seen, held_out, strict=True)]
    return {"floor_frechet": [*(wrong / moved).tolist()], "floor_sample_distance": [*fine]}

"""What a network's stretched samples are worth to a classifier of digits that has to read stretched ones.

A logistic regression on pixels (scikit-learn's, its default strength of the penalty) learns which digit an image shows
from those that the network was trained on, amid the wide canvas, and from what is added. It is tested on the images
that no network was trained on, stretched pixel by pixel: that is what the world does here, so pixel-stretched training
images are the truth itself, and no rival.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from indmech_bench.scm.generators.canvas import amid_canvas
from indmech_bench.scm.generators.model import (
    IMAGES,
    LABELS,
    TRAINING,
    TRAINING_LABELS,
    GeneratorModel,
    is_world,
    stretched_each,
)
from indmech_bench.scm.parameters import Parameters
from indmech_bench.tasks.images.classifier import accuracy, reader
from indmech_bench.tasks.truth import Truth

Added = Callable[[int, Tensor, Tensor], tuple[Tensor, Tensor]]
"""Replicate, ordinary pixels (M, p) and labels -> further pixels and labels."""


def accuracies_without_network(truth: Truth) -> dict[str, list[float | None]]:
    """Accuracies that no network has a part in, name -> R values; empty where nobody knows what images show.

    `accuracy_before`: from ordinary images alone; `accuracy_more`: the same images once more; `accuracy_intervened`:
    with the same, stretched pixel by pixel.
    """
    if not _is_labelled(truth):
        return {}
    model, wide = _model(truth), stretched_each(truth.parameters[TRAINING], truth.family.scored[0])

    ways: dict[str, Added] = {
        "before": lambda r, ordinary, labels: (ordinary[:0], labels[:0]),
        "more": lambda r, ordinary, labels: (ordinary, labels),
        "intervened": lambda r, ordinary, labels: (wide[r].flatten(1), labels),
    }
    return {f"accuracy_{name}": [*_accuracies(truth, model, added).tolist()] for name, added in ways.items()}


def accuracy_with_network(truth: Truth, parameters: Parameters | None) -> Tensor | None:
    """Accuracy (R,) where the network's stretched pictures are added, NaN where they are not finite.

    Of an autoencoder they are what it makes of the images that it was trained on, with their labels; of a decoder alone
    its samples, which show what a classifier of ordinary images says of them before they are stretched. None without
    labels, or without a network.
    """
    model = _model(truth)
    if not _is_labelled(truth) or parameters is None or is_world(parameters):
        return None
    decoding = {**parameters, IMAGES: truth.parameters[TRAINING]}
    plain = model.samples(decoding)
    wide = [model.samples(decoding, g) for g in truth.family.scored]

    def samples(r: int, ordinary: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        called = labels
        if not model.has_encoder:
            read = reader(ordinary, labels).predict(amid_canvas(plain[r], model.width).flatten(1).numpy())
            called = torch.from_numpy(read)
        return torch.cat([images[r].flatten(1) for images in wide]), called.repeat(len(wide))

    finite = plain.isfinite().flatten(1).all(-1) & torch.stack([w.isfinite().flatten(1).all(-1) for w in wide]).all(0)
    return _accuracies(truth, model, samples, finite)


def _accuracies(truth: Truth, model: GeneratorModel, added: Added, finite: Tensor | None = None) -> Tensor:
    rows = []
    tested = stretched_each(truth.parameters[IMAGES], truth.family.scored[0])
    for r, images in enumerate(truth.parameters[TRAINING]):
        if finite is not None and not bool(finite[r]):
            rows.append(torch.tensor(torch.nan, dtype=torch.float64))
            continue
        ordinary, labels = amid_canvas(images, model.width).flatten(1), truth.parameters[TRAINING_LABELS][r]
        pixels, named = added(r, ordinary, labels)
        known = torch.cat([ordinary, pixels]), torch.cat([labels, named])
        rows.append(accuracy(*known, tested[r], truth.parameters[LABELS][r]))
    return torch.stack(rows)


def _is_labelled(truth: Truth) -> bool:
    return bool((truth.parameters[TRAINING_LABELS] >= 0).all())


def _model(truth: Truth) -> GeneratorModel:
    assert isinstance(truth.model, GeneratorModel)
    return truth.model

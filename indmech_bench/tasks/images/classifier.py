"""What extrapolated samples are worth to a classifier that has to hold under an intervention (docs/images.md).

A logistic regression on pixels (scikit-learn's, its default strength of the penalty) learns a class of images from the
ordinary ones of the problem and as many again for each scored intervention:

(i) further ordinary ones; (ii) the problem's own, their pixels edited; (iii) what a solution predicts for them under
the intervention; (iv) the truly intervened. Its accuracy is that on truly intervened images of other faces.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from indmech_bench.scm.images.colours import SEEN_HUES, repainted
from indmech_bench.scm.interventions import Intervention, Recolour
from indmech_bench.tasks.truth import Truth

Law = Callable[[Intervention], Tensor]
Anew = Callable[[Truth, str, int], Truth]
"""Truth, a stream's name and a number of faces -> other faces with the same shared mechanisms."""
Classes = Callable[[Truth], Tensor]
"""Truth -> the class of each face, (R, F) bool."""

TESTED = 96
"""Other faces, each under every scored intervention, that accuracy is a share of."""


def accuracies_without_model(truth: Truth, anew: Anew, classes: Classes) -> dict[str, list[float]]:
    """Accuracies that no solution has a part in, name -> R values.

    `accuracy_before`: with the ordinary images alone; `accuracy_more`: (i); `accuracy_pixels`: (ii);
    `accuracy_intervened`: (iv).
    """
    law, own = truth.model.laws(truth.parameters), classes(truth)
    observed, count = law(truth.family.identity), len(truth.family.scored)
    further = anew(truth, "further faces", count * observed.shape[1])
    added = {
        "before": (observed[:, :0], own[:, :0]),
        "more": (further.model.law(further.parameters, truth.family.identity), classes(further)),
        "pixels": (under_all(truth, lambda g: edited(observed, g)), own.repeat(1, count)),
        "intervened": (under_all(truth, law), own.repeat(1, count)),
    }
    return {f"accuracy_{name}": _accuracies(truth, anew, classes, *more).tolist() for name, more in added.items()}


def accuracy_with(truth: Truth, law: Law, anew: Anew, classes: Classes) -> Tensor:
    """The accuracy that a solution's samples give, (iii): (R,); NaN where they are not finite."""
    return _accuracies(truth, anew, classes, under_all(truth, law), classes(truth).repeat(1, len(truth.family.scored)))


def edited(images: Tensor, g: Intervention) -> Tensor:
    """Pixels of the hues that the part has in ordinary images, in its new hue."""
    assert isinstance(g, Recolour)
    return repainted(images, g.hue, SEEN_HUES[g.part])


def under_all(truth: Truth, law: Law) -> Tensor:
    """Images under every scored intervention, one after the other: (R, G F, 3, n, n)."""
    return torch.cat([law(g) for g in truth.family.scored], 1)


def _accuracies(truth: Truth, anew: Anew, classes: Classes, images: Tensor, labels: Tensor) -> Tensor:
    """Of the classifier that learns from the problem's images and these beside them, (R, A, ...) with labels (R, A)."""
    tested = anew(truth, "tested faces", TESTED)
    seen = under_all(truth, tested.model.laws(tested.parameters))
    answers = classes(tested).repeat(1, len(truth.family.scored))
    ordinary = torch.cat([truth.model.law(truth.parameters, truth.family.identity), images], 1)
    known = torch.cat([classes(truth), labels], 1)
    return torch.stack([accuracy(*row) for row in zip(ordinary, known, seen, answers, strict=True)])


def accuracy(images: Tensor, labels: Tensor, tested: Tensor, answers: Tensor) -> Tensor:
    """Share of the images `tested` (T, ...) that a `reader` of others (M, ...) names as `answers` (T,): a number.

    labels: (M,). NaN where an image to learn from is not finite.
    """
    if not bool(images.isfinite().all()):
        return torch.tensor(torch.nan, dtype=torch.float64)
    right = reader(images.flatten(1), labels).predict(tested.flatten(1).numpy()) == answers.numpy()
    return torch.tensor(right.mean(), dtype=torch.float64)


def reader(pixels: Tensor, labels: Tensor) -> Any:
    """A logistic regression that knows the labels (M,) of images by their pixels (M, p)."""
    from sklearn.linear_model import LogisticRegression  # slow to import, and few tasks need it
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # more threads than free cores take many times as long
        return LogisticRegression(max_iter=2000).fit(pixels.numpy(), labels.numpy())

"""Which images a network is trained on, and which it never sees: a split for every seed."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from indmech_bench.errors import InputError
from indmech_bench.scm.generators.model import IMAGES, LABELS, TRAINING, TRAINING_LABELS
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.datasets.image_folders import read_image_folder
from indmech_bench.tasks.datasets.shipped import SHIPPED, digit_labels, shipped_images

HELD_OUT = 0.25
"""Share of the images that no network is trained on."""
LEAST_IMAGES = 32


@lru_cache(maxsize=4)
def all_images(name: str, size: int, most: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """A set that is shipped, or the images below a folder: (N, C, n, n), at most so many, from all over the set.

    With what each shows, (N,): which digit, or -1 where that is not known.

    Raises InputError, UnsupportedError.
    """
    images = shipped_images(name) if name in SHIPPED else read_image_folder(name, size=size).images
    if len(images) < LEAST_IMAGES:
        raise InputError(f"'{name}' holds {len(images)} images: a network needs {LEAST_IMAGES} or more.")
    kept = np.linspace(0, len(images) - 1, min(most, len(images))).round().astype(int)
    labels = digit_labels() if name == "digits" else np.full(len(images), -1)
    return np.asarray(images[kept]), labels[kept]


def drawn_world(images: NDArray[np.uint8], labels: NDArray[np.int64], streams: Streams) -> dict[str, Tensor]:
    """IMAGES that no network is trained on, TRAINING those that one is, (R, M, C, n, n) from 0 to 1; labels of both.

    A function of the seed alone. LABELS and TRAINING_LABELS (R, M) say what each shows.
    """
    held_out = round(HELD_OUT * len(images))
    world: dict[str, list[Tensor]] = {IMAGES: [], TRAINING: [], LABELS: [], TRAINING_LABELS: []}
    for generator in streams.generators("split"):
        order = generator.permutation(len(images))
        for pictures, named, chosen in (
            (IMAGES, LABELS, order[:held_out]),
            (TRAINING, TRAINING_LABELS, order[held_out:]),
        ):
            world[pictures].append(torch.from_numpy(images[chosen]).double() / 255)
            world[named].append(torch.from_numpy(labels[chosen]).double())
    return {key: torch.stack(values) for key, values in world.items()}

"""Push-forward and resampling of images: what the interventions on layouts and shapes do to arrays of pixels."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from indmech_bench.scm.interventions import PushForward


@lru_cache(maxsize=64)
def _goals(size: int, scale: float) -> list[tuple[int, int, float]]:
    """(from, to, weight): each place about the centre goes to `scale` times itself, split on the two nearest ones."""
    centre, moves = size // 2, []
    for place in range(size):
        goal = (place - centre) * scale
        low = math.floor(goal)
        for to, weight in ((low + centre, 1 - goal + low), (low + 1 + centre, goal - low)):
            if 0 <= to < size and weight:
                moves.append((place, to, weight))
    return moves


def _pushed_along(images: Tensor, scale: float, axis: int) -> Tensor:
    if scale == 1:
        return images
    goal = torch.zeros_like(images)
    for place, to, weight in _goals(images.shape[axis], scale):
        goal.select(axis, to).add_(images.select(axis, place), alpha=weight)
    return goal


def pushed(images: Tensor, g: PushForward) -> Tensor:
    """Mass moved away from (or to) the centre pixel, (..., h, w): kept, but for what leaves the image. Spikes stay."""
    return _pushed_along(_pushed_along(images, g.right, -1), g.down, -2)


def resized(images: Tensor, g: PushForward) -> Tensor:
    """Pixels resampled about the centre by linear interpolation, (..., h, w): what resizing a picture does."""
    for scale, axis in ((g.right, -1), (g.down, -2)):
        if scale == 1:
            continue
        size = images.shape[axis]
        taken = torch.zeros_like(images)
        for place in range(size):
            source = (place - size // 2) / scale
            low = math.floor(source)
            for index, weight in ((low, 1 - source + low), (low + 1, source - low)):
                if 0 <= index + size // 2 < size and weight:
                    taken.select(axis, place).add_(images.select(axis, index + size // 2), alpha=weight)
        images = taken
    return images


def on_canvas(shape: Tensor, n: int) -> Tensor:
    """Shapes (..., q, q) amid (..., n, n), the centre of one on that of the other."""
    canvas, size = shape.new_zeros(*shape.shape[:-2], n, n), shape.shape[-1]
    first = n // 2 - size // 2
    canvas[..., first : first + size, first : first + size] = shape
    return canvas

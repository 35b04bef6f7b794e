"""Maps and pictures on a wider canvas: stretched along their columns, or left amid it."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import interpolate, pad


def stretched(maps: Tensor, factor: float) -> Tensor:
    """Maps (N, C, h, w) resampled to (N, C, h, w factor), bilinear: what resizing does to pixels."""
    width = max(1, round(maps.shape[-1] * factor))
    return interpolate(maps, (maps.shape[-2], width), mode="bilinear", align_corners=False)


def amid_canvas(images: Tensor, width: int) -> Tensor:
    """Pictures (N, C, h, w) amid a canvas of another width: edges repeated, or cut off."""
    missing = width - images.shape[-1]
    left = missing // 2
    if missing >= 0:
        return pad(images, (left, missing - left, 0, 0), mode="replicate")
    return images[..., -left : -left + width]

"""Colours of parts: hues, and what it is to give a part, or pixels, another one."""

from __future__ import annotations

import math

import torch
from torch import Tensor

CHANNELS = 3
DARK = 1e-6
"""Pixels whose squared brightness is below this share of the brightest have no hue."""
SEEN_HUES = (((-30.0, 30.0), (210.0, 270.0)), ((30.0, 90.0),), ((270.0, 330.0),))
"""Hues in ordinary images, degrees, a few ranges for each part from the top down: none from 90 to 210."""


def colour_of(hue: Tensor) -> Tensor:
    """Red, green and blue of a hue in degrees at full saturation, of unit norm: (...) -> (..., 3)."""
    sixth = hue.unsqueeze(-1) / 60 - torch.tensor([0.0, 2.0, 4.0], dtype=hue.dtype)
    rgb = (2 - (torch.remainder(sixth + 3, 6) - 3).abs()).clamp(0, 1)
    return rgb / rgb.norm(dim=-1, keepdim=True)


def hue_of(colour: Tensor) -> Tensor:
    """Hue in degrees, [0, 360), of (..., 3): the angle about the grey axis, which is 0, 120, 240 at the primaries."""
    red, green, blue = colour.unbind(-1)
    return torch.remainder(torch.rad2deg(torch.atan2(math.sqrt(3) * (green - blue), 2 * red - green - blue)), 360)


def recoloured(colour: Tensor, hue: float) -> Tensor:
    """Colours (..., 3) with another hue and the norm that they have; a colour and its negative stay each other's."""
    size = colour.norm(dim=-1, keepdim=True) * torch.where(colour.sum(-1, keepdim=True) < 0, -1.0, 1.0)
    return size * colour_of(torch.tensor(float(hue), dtype=colour.dtype))


def repainted(images: Tensor, hue: float, selected: tuple[tuple[float, float], ...] = ((0.0, 360.0),)) -> Tensor:
    """Images (..., 3, h, w) whose pixels of a selected hue take another one, as a program for pictures does.

    selected: ranges of hues in degrees, low to high; all by default. Black pixels stay as they are.
    """
    pixels = images.movedim(-3, -1)
    hues, power = hue_of(pixels), pixels.square().sum(-1)
    inside = torch.zeros_like(hues, dtype=torch.bool)
    for low, high in selected:
        inside |= torch.remainder(hues - low, 360) <= high - low
    inside &= power > DARK * power.amax((-2, -1), keepdim=True)
    return torch.where(inside.unsqueeze(-1), recoloured(pixels, hue), pixels).movedim(-1, -3)

"""What stretched pictures are measured by; each says one thing, and none says that a picture is good."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from indmech_bench.scm.divergences import squared_bures_wasserstein_covariances, trace

BLOCK = 8
"""Pixels along an axis of the blocks of the coarse distance and of the patches; these come every half a patch."""


def coarse_distance(images: Tensor, resized: Tensor, still: Tensor) -> float:
    """How far pictures are from the pixel stretch in blocks of 8 x 8, over how far the unstretched ones are.

    |B(x) - B(y)|^2 / |B(z) - B(y)|^2, B the means of blocks: 0 where the layout is that of the resized picture, 1
    where it is as far from it as no stretch. Images (N, C, h, w) of one size: stretched in a hidden layer, stretched
    pixel by pixel, and unstretched (`amid_canvas`).
    """
    x, y, z = (avg_pool2d(each.double(), BLOCK) for each in (images, resized, still))
    return float((x - y).square().sum() / (z - y).square().sum())


def patch_distance(images: Tensor, originals: Tensor, block: int = BLOCK) -> float:
    """Squared Bures distance of high-passed patches to those of the originals, over the power of these.

    Patches of `block` x `block` of the mean over colours, each less its own mean, as Gaussians of their covariances:
    whether fine structure is what it was. Its floor is what it is between two halves of the originals.
    """
    one, other = _patch_covariance(images, block), _patch_covariance(originals, block)
    return float(squared_bures_wasserstein_covariances(one, other) / trace(other))


def _patch_covariance(images: Tensor, block: int) -> Tensor:
    grey = images.double().mean(1)
    patches = grey.unfold(-2, block, block // 2).unfold(-2, block, block // 2).reshape(-1, block * block)
    patches = patches - patches.mean(-1, keepdim=True)
    return patches.mT @ patches / len(patches)


def sharpness(images: Tensor, originals: Tensor) -> float:
    """Power of the differences of neighbouring columns, over that of the originals: 1 is as sharp."""
    one, other = (each.double().diff(dim=-1).square().mean() for each in (images, originals))
    return float(one / other)


def halves(images: Tensor) -> tuple[Tensor, Tensor]:
    """Even and odd samples."""
    return images[::2], images[1::2]


def relative_error(images: Tensor, targets: Tensor) -> float:
    """|x - y|^2 / |y - mean y|^2, the mean over samples at each pixel."""
    spread = (targets - targets.mean(0, keepdim=True)).double().square().sum()
    return float((images - targets).double().square().sum() / torch.clamp(spread, min=1e-300))


def fine_distance(images: Tensor, originals: Tensor) -> float:
    """`patch_distance` in patches of 8 x 8, or of half a smaller picture's side."""
    return patch_distance(images, originals, min(BLOCK, originals.shape[-2] // 2))


def fine_distances(pictures: Tensor, originals: Tensor) -> Tensor:
    """The same of each replicate, (R, M, C, h, w) twice -> (R,); NaN where pictures are not finite."""
    rows = zip(pictures, originals, strict=True)
    found = [fine_distance(one, other) if bool(one.isfinite().all()) else torch.nan for one, other in rows]
    return torch.tensor(found, dtype=torch.float64)

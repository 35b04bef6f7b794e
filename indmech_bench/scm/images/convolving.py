"""Circular convolution of layouts with shapes, and the energy of what it differs by, with its gradient in closed form.

Of the forms that give a row the same bits in any batch that by Fourier transforms is the cheapest. A step on 8 x 12 x
3 images of 32 x 32 with shapes of 7 x 7 takes 1.5 times as long by autograd through the transforms, 4 times by products
of banded matrices, 6 by grouped `conv2d`, 20 by shifting and adding (float64, one core; `benchmarks/convolutions.py`).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def spectrum(images: Tensor, n: int) -> Tensor:
    """DFT on an n x n grid, non-negative frequencies of the last axis: (..., h, w) -> (..., n, n // 2 + 1)."""
    return torch.fft.rfft2(images, s=(n, n))


def convolved(layout: Tensor, shape: Tensor) -> Tensor:
    """Layouts (..., F, P, n, n) with shapes (..., P, h, w) put at every spike, centre on it: (..., F, P, n, n)."""
    n, offsets = layout.shape[-1], [-(size // 2) for size in shape.shape[-2:]]
    image = torch.fft.irfft2(spectrum(layout, n) * spectrum(shape, n).unsqueeze(-4), s=(n, n))
    return torch.roll(image, offsets, (-2, -1))


def target_of(images: Tensor, height: int, width: int) -> Tensor:
    """What `Energy` compares with: the spectrum of images (..., F, P, n, n) seen from the corner of such shapes."""
    n = images.shape[-1]
    return spectrum(torch.roll(images, (height // 2, width // 2), (-2, -1)), n)


class Energy(torch.autograd.Function):
    """sum over faces and pixels of (layout * shape - image)^2, part by part: (..., P).

    Layouts (..., F, P, n, n), shapes (..., P, h, w), images by their `target_of`, or None for 0. By Parseval no image
    is made. The gradient by a layout is twice the difference correlated with the shape, and the other way round.
    """

    @staticmethod
    def forward(ctx: Any, layout: Tensor, shape: Tensor, target: Tensor | None) -> Tensor:
        n = layout.shape[-1]
        A, B = spectrum(layout, n), spectrum(shape, n).unsqueeze(-4)
        difference = A * B
        if target is not None:
            difference -= target
        ctx.save_for_backward(A, B, difference)
        ctx.sizes = shape.shape[-2:]
        squares = torch.view_as_real(difference).square()
        total = 2 * squares.sum((-3, -2, -1)) - squares[..., 0, :].sum((-2, -1))
        if n % 2 == 0:
            total = total - squares[..., -1, :].sum((-2, -1))
        return total.sum(-2) / n**2

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        A, B, difference = ctx.saved_tensors
        n, (height, width) = A.shape[-2], ctx.sizes
        twice = 2 * gradient[..., None, None]
        by_layout = torch.fft.irfft2(difference * (B.conj() * twice.unsqueeze(-4)), s=(n, n))
        by_shape = torch.fft.irfft2((difference * A.conj()).sum(-4) * twice, s=(n, n))
        return by_layout, by_shape[..., :height, :width].contiguous(), None


def energy(layout: Tensor, shape: Tensor, target: Tensor | None = None) -> Tensor:
    """`Energy`, (..., P)."""
    found: Tensor = Energy.apply(layout, shape, target)  # type: ignore[no-untyped-call]
    return found

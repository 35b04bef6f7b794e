"""CPU time of a step on the fit of images, by the form of the convolution: `python benchmarks/convolutions.py`.

All images are of one channel and every part has its own layouts, so that nothing is shared but the shape.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from indmech_bench.scm.images.convolving import convolved, energy, target_of

ROWS, FACES, PARTS, N, SIZE, STEPS = 8, 12, 3, 32, 7, 10
Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


def in_closed_form(layout: Tensor, shape: Tensor, images: Tensor) -> Tensor:
    """What the package does, with the spectrum of the images, which training computes once."""
    return energy(layout, shape, images)


def by_autograd(layout: Tensor, shape: Tensor, images: Tensor) -> Tensor:
    """Transforms forth and back, differentiated by autograd."""
    return (convolved(layout, shape) - images).square()


def by_bands(layout: Tensor, shape: Tensor, images: Tensor) -> Tensor:
    """Rows of pixels times banded circulant matrices, one a row of the shape, as one batched product."""
    half, every = SIZE // 2, torch.arange(N)
    bands = pad(shape, (0, N - SIZE)).roll(-half, -1)[..., (every[None] - every[:, None]) % N]
    rows = torch.cat([layout.transpose(1, 2).roll(down - half, -2) for down in range(SIZE)], -1)
    product = torch.bmm(rows.reshape(ROWS * PARTS, FACES * N, -1), bands.reshape(ROWS * PARTS, -1, N))
    return (product.reshape(ROWS, PARTS, FACES, N, N).transpose(1, 2) - images).square()


def by_taps(layout: Tensor, shape: Tensor, images: Tensor) -> Tensor:
    """Shifted layouts, added tap by tap."""
    half, total = SIZE // 2, torch.zeros_like(layout)
    for down in range(SIZE):
        for right in range(SIZE):
            shifted = layout.roll((down - half, right - half), (-2, -1))
            total = total + shifted * shape[:, None, :, down, right, None, None]
    return (total - images).square()


def by_conv2d(layout: Tensor, shape: Tensor, images: Tensor) -> Tensor:
    """Grouped convolution, a group a row and part."""
    half, grouped = SIZE // 2, layout.transpose(0, 1).reshape(FACES, ROWS * PARTS, N, N)
    kernels = shape.flip((-2, -1)).reshape(ROWS * PARTS, 1, SIZE, SIZE)
    made = conv2d(pad(grouped, (half,) * 4, mode="circular"), kernels, groups=ROWS * PARTS)
    return (made.reshape(FACES, ROWS, PARTS, N, N).transpose(0, 1) - images).square()


def milliseconds(loss: Loss, layout: Tensor, shape: Tensor, images: Tensor) -> tuple[float, float]:
    """CPU time of a step, and the loss."""
    seen = target_of(images, SIZE, SIZE) if loss is in_closed_form else images

    def step() -> float:
        leaves = layout.clone().requires_grad_(), shape.clone().requires_grad_()
        value = loss(*leaves, seen).sum()
        value.backward()
        return value.item()

    value = step()
    before = time.process_time()
    for _ in range(STEPS):
        step()
    return 1000 * (time.process_time() - before) / STEPS, value


def main() -> None:
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    layout, shape = torch.randn(ROWS, FACES, PARTS, N, N) / N, torch.randn(ROWS, PARTS, SIZE, SIZE) / SIZE
    images = torch.randn(ROWS, FACES, PARTS, N, N)
    print("| form | ms a step | loss |\n| --- | --- | --- |")
    for loss in (in_closed_form, by_autograd, by_bands, by_taps, by_conv2d):
        taken, value = milliseconds(loss, layout, shape, images)
        print(f"| {loss.__name__} | {taken:.1f} | {value:.6f} |")


if __name__ == "__main__":
    main()

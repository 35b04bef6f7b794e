"""Decoders of images, and encoders that mirror them: which layers there are, and how they start (docs/deep.md)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from torch import Tensor
from torch.nn.functional import conv2d, conv_transpose2d

from indmech_bench.scm.generators.canvas import stretched
from indmech_bench.scm.parameters import Parameters

Network = Literal["few-channel", "strided"]
NETWORKS: tuple[Network, ...] = ("few-channel", "strided")
FEW_WIDTHS, FEW_TAPS = (3, 3), 5
TAPS, STRIDE = 4, 2
LEAST_BASE = 2
"""Places along an axis of the smallest maps of a strided network, at least."""
MOST_DOUBLINGS = 4
WIDEST, NARROWEST = 32, 8
"""Channels of a strided network: as many as the first at the smallest maps, halved towards the pixels."""
BIAS = 0.01
"""Standard deviation of biases at the start."""


@dataclass(frozen=True)
class Architecture:
    """A decoder: codes -> (fully connected) maps -> ReLU and a transposed convolution, as often as there are widths.

    An encoder has the same layers the other way round, its last one giving means and log standard deviations of codes.
    Weights are laid out as torch has them of ConvTranspose2d and Conv2d; those of the fully connected layers as maps,
    (codes, channels, base, base) and (channels, base, base, 2 codes).

    size: pixels along an axis. colours: 1 or 3. codes: numbers in a code. widths: channels of the hidden maps, from the
    code to the pixels. base: places along an axis of the first maps. taps, stride: of every convolution.
    """

    size: int
    colours: int
    codes: int
    widths: tuple[int, ...]
    base: int
    taps: int
    stride: int

    @property
    def layers(self) -> int:
        """Convolutions."""
        return len(self.widths)

    @property
    def levels(self) -> tuple[int, ...]:
        """Places along an axis of the maps that enter each convolution of the decoder."""
        return tuple(self.base * self.stride**layer for layer in range(self.layers))

    @property
    def channels(self) -> tuple[int, ...]:
        """Those of the maps that enter each convolution, and of the image."""
        return (*self.widths, self.colours)

    @property
    def padding(self) -> int:
        return (self.taps - self.stride + 1) // 2

    def decoder_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name -> shape, layer by layer: `decoder.0` is fully connected."""
        first = (self.channels[0], self.base, self.base)
        shapes: dict[str, tuple[int, ...]] = {"decoder.0.weight": (self.codes, *first), "decoder.0.bias": first}
        for layer in range(self.layers):
            inputs, outputs = self.channels[layer : layer + 2]
            shapes[f"decoder.{layer + 1}.weight"] = (inputs, outputs, self.taps, self.taps)
            shapes[f"decoder.{layer + 1}.bias"] = (outputs,)
        return shapes

    def encoder_shapes(self) -> dict[str, tuple[int, ...]]:
        """The same of the encoder: `encoder.0` sees the image, the last is fully connected."""
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in range(self.layers):
            outputs, inputs = self.channels[self.layers - layer - 1 : self.layers - layer + 1]
            shapes[f"encoder.{layer}.weight"] = (outputs, inputs, self.taps, self.taps)
            shapes[f"encoder.{layer}.bias"] = (outputs,)
        shapes[f"encoder.{self.layers}.weight"] = (self.channels[0], self.base, self.base, 2 * self.codes)
        shapes[f"encoder.{self.layers}.bias"] = (2 * self.codes,)
        return shapes

    def start_scale(self, name: str) -> float:
        """Standard deviation of a start: weights so that ReLU keeps the power (He et al., ICCV 2015), biases small."""
        side, layer, kind = name.split(".")
        if kind == "bias":
            return BIAS
        number = int(layer)
        if side == "decoder":
            if number == 0:
                return float((1 / self.codes) ** 0.5)
            return float((2 / (self.channels[number - 1] * (self.taps / self.stride) ** 2)) ** 0.5)
        if number == self.layers:
            return float((1 / (self.channels[0] * self.base**2)) ** 0.5)
        return float((2 / (self.channels[self.layers - number] * self.taps**2)) ** 0.5)

    def decoded(self, parameters: Parameters, codes: Tensor, level: int | None = None, factor: float = 1.0) -> Tensor:
        """Images (M, C, n, n) of codes (M, d) by the decoder of one replicate, parameters without an axis R.

        level: the convolution whose input maps are stretched along their columns by `factor`, on a canvas as much
        wider, so that images are (M, C, n, n factor).
        """
        weight = parameters["decoder.0.weight"]
        maps = (codes @ weight.flatten(1)).unflatten(1, weight.shape[1:]) + parameters["decoder.0.bias"]
        for layer in range(self.layers):
            maps = maps.relu()
            if layer == level:
                maps = stretched(maps, factor)
            weight, bias = parameters[f"decoder.{layer + 1}.weight"], parameters[f"decoder.{layer + 1}.bias"]
            maps = conv_transpose2d(maps, weight, bias, stride=self.stride, padding=self.padding)
        return maps

    def encoded(self, parameters: Parameters, images: Tensor) -> tuple[Tensor, Tensor]:
        """Means and log standard deviations (M, d) of the codes of images (M, C, n, n), of one replicate."""
        maps = images
        for layer in range(self.layers):
            weight, bias = parameters[f"encoder.{layer}.weight"], parameters[f"encoder.{layer}.bias"]
            maps = conv2d(maps, weight, bias, stride=self.stride, padding=self.padding).relu()
        weight, bias = parameters[f"encoder.{self.layers}.weight"], parameters[f"encoder.{self.layers}.bias"]
        mean, log_std = (maps.flatten(1) @ weight.flatten(0, 2) + bias).chunk(2, -1)
        return mean, log_std

    def pairs(self, parameters: Parameters, side: str = "decoder") -> list[tuple[Tensor, Tensor]]:
        """Successive layers as (..., I, H, h, w) and (..., H, O, h', w'), which formulas of genericity take."""
        kernels = []
        for layer in range(self.layers + 1):
            weight = parameters[f"{side}.{layer}.weight"]
            if side == "encoder":  # torch's Conv2d is a correlation, whose kernel is turned
                if layer < self.layers:
                    weight = weight.transpose(-4, -3).flip((-2, -1))
                else:
                    weight = weight.movedim(-1, -3).flip((-2, -1))
            kernels.append(weight)
        return list(pairwise(kernels))


def architecture(network: str, size: int, colours: int, codes: int) -> Architecture:
    """The network of this name for images of a size.

    `few-channel`: three channels of maps as large as the image, and two convolutions 5 x 5. `strided`: maps from a
    size below 4 (or halved four times) up to the image's, each transposed convolution 4 x 4 doubling it.
    """
    if network == "few-channel":
        return Architecture(size, colours, codes, FEW_WIDTHS, size, FEW_TAPS, 1)
    base, doublings = size, 0
    while base % STRIDE == 0 and base // STRIDE >= LEAST_BASE and doublings < MOST_DOUBLINGS:
        base, doublings = base // STRIDE, doublings + 1
    widths = tuple(max(NARROWEST, WIDEST >> layer) for layer in range(doublings))
    return Architecture(size, colours, codes, widths, base, TAPS, STRIDE)

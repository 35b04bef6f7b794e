"""The architecture of both trained generators, and the networks with their weights.

Transposed convolutions 4 x 4, the first from 1 x 1 to 4 x 4, the others of stride 2; batch normalisation and ReLU
between them, Tanh at the end. Source: Radford, Metz, Chintala (ICLR 2016), as in PyTorch's tutorial, which both
packages follow.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

from indmech_bench.scm.streams import Streams, row_key
from indmech_bench.tasks.generators.states import put_into, read_member
from indmech_bench.tasks.generators.wheels import known_wheel, wheel_named, wheel_path

LATENTS = 100
WIDTHS = {"faces": (LATENTS, 512, 256, 128, 64, 3), "eyes": (LATENTS + 8, 1024, 512, 256, 128, 64, 3)}
"""Channels from the latents to the image."""
DROPOUT = {"eyes": 0.2}
"""That behind the first layer; it does nothing to a trained network."""
EYES = ("amber", "blue", "brown", "gray", "grayscale", "green", "hazel", "red")
"""What the eye generator is told, one of eight, behind the latents."""


class DCGAN(nn.Module):
    """Latents (N, widths[0], 1, 1) -> images (N, widths[-1], s, s) in [-1, 1]; s is 4, doubled by every later layer.

    widths: channels of the latents, of every hidden layer and of the image. dropout: behind the first layer.
    """

    def __init__(self, widths: tuple[int, ...], dropout: float = 0.0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index, (inputs, outputs) in enumerate(pairwise(widths)):
            stride, padding = (1, 0) if index == 0 else (2, 1)
            layers.append(nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False))
            if index == len(widths) - 2:
                layers.append(nn.Tanh())
                break
            layers += [nn.BatchNorm2d(outputs), nn.ReLU()]
            if index == 0 and dropout:
                layers.append(nn.Dropout(dropout))
        self.main = nn.Sequential(*layers)

    def forward(self, latents: Tensor) -> Tensor:
        return self.main(latents)


def untrained_generator(name: str) -> DCGAN:
    """The network of a known generator as torch initialises it. Raises InputError."""
    wheel_named(name)
    return DCGAN(WIDTHS[name], DROPOUT.get(name, 0.0)).eval()


@lru_cache(maxsize=2)
def trained_generator(name: str) -> nn.Module:
    """A known generator with its trained weights, `faces` or `eyes`, for evaluation alone: shared by all who ask.

    Raises UnsupportedError where its wheel has not been fetched, InputError for another name.
    """
    path = wheel_path(name)
    module = put_into(untrained_generator(name), read_member(path, wheel_named(name).member), str(path))
    return module.requires_grad_(False).eval()


def generator_in(path: str) -> str | None:
    """Which known generator a name or a file stands for; None for another file."""
    if path in WIDTHS:
        return path
    wheel = known_wheel(Path(path)) if Path(path).is_file() else None
    return wheel.name if wheel else None


def latents_of(name: str, count: int, stream: str = "latents") -> Tensor:
    """Latents (count, channels, 1, 1) of a known generator, float32, the same in every process.

    Those of eyes have every colour in turn.
    """
    normals = Streams((row_key("null", "", f"generator {name}", {}, 1, 0),)).randn(stream, count, LATENTS)[0].float()
    if name == "eyes":
        normals = torch.cat([normals, torch.eye(len(EYES))[torch.arange(count) % len(EYES)]], -1)
    return normals[..., None, None]

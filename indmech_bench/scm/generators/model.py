"""A decoder of images as a causal model: codes, maps, pixels; or, in its place, the images of the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import torch
from torch import Tensor

from indmech_bench.scm.divergences import Geometry, Paired
from indmech_bench.scm.generators.architecture import Architecture
from indmech_bench.scm.generators.canvas import amid_canvas, stretched
from indmech_bench.scm.generators.moments import GaussianImages, in_blocks, moments
from indmech_bench.scm.images.autocorrelations import Direction, channel_ratios, re_pairings
from indmech_bench.scm.interventions import Family, HiddenStretch, Intervention
from indmech_bench.scm.models.base import BaseModel
from indmech_bench.scm.parameters import Parameters
from indmech_bench.scm.streams import Streams, row_key

SAMPLES = 512
"""Codes that laws are seen through: the same for every network with codes of this length."""
FACTOR = 1.5
UNSTRETCHED = HiddenStretch(0, 1.0)
LEAST_PLACES = 4
"""Maps of fewer columns are not stretched."""
IMAGES, TRAINING, LABELS, TRAINING_LABELS = "images", "training", "labels", "training_labels"
"""The world in the place of parameters, since its mechanisms are not known: pictures (R, M, C, n, n) that no network is
trained on, those that one is, and what each shows, (R, M)."""


@dataclass(frozen=True)
class GeneratorModel(BaseModel):
    """Images by a decoder of standard normal codes; `learnt` by a variational autoencoder or an adversarial pair.

    Every layer of the decoder is a mechanism. An encoder is a nuisance: trained, in no mechanism, never intervened on,
    never in a norm or in rho. Laws are seen in blocks of pixels, on a canvas FACTOR times as wide. Of an autoencoder
    they are tables (R, M, h, w) of what it makes of images, compared picture by picture with what the world makes of
    the same ones; of a decoder without an encoder mean and covariance (R, 1 + d, d) of SAMPLES pictures.

    Parameters {IMAGES: ...} alone stand for the world: its law under a stretch, of whatever layer, is that of its
    pictures stretched pixel by pixel; see docs/deep.md for what that can and cannot say. Beside a decoder's and an
    encoder's parameters they are the images whose codes are decoded; without them codes are standard normal, the same
    for all networks.

    rho is that of hidden channels, as `channel_ratios` has it: every pair of successive layers, every channel between
    them. log rho of the model is the mean over pairs of the mean over their channels.
    """

    architecture: Architecture
    learnt: str = "autoencoder"

    environments: ClassVar[None] = None
    null_on_request: ClassVar[bool] = True

    @property
    def has_encoder(self) -> bool:
        return self.learnt == "autoencoder"

    @property
    def geometry(self) -> Geometry:
        """Picture by picture where there is an encoder, by moments where there is none."""
        return Paired(3) if self.has_encoder else GaussianImages()

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Parameter name -> shape of one replicate; there are no starts side by side."""
        encoder = self.architecture.encoder_shapes() if self.has_encoder else {}
        return {**self.architecture.decoder_shapes(), **encoder}

    @property
    def mechanisms(self) -> dict[str, tuple[str, ...]]:
        """Every layer of the decoder, its weight and its bias."""
        numbers = range(self.architecture.layers + 1)
        return {f"decoder.{k}": (f"decoder.{k}.weight", f"decoder.{k}.bias") for k in numbers}

    @property
    def start_scales(self) -> dict[str, float]:
        """Those of networks with ReLU."""
        return {name: self.architecture.start_scale(name) for name in self.shapes}

    @property
    def block(self) -> int:
        """Pixels along an axis of blocks too large for fine structure: 4, 6 or 8 are as high as the image."""
        size = self.architecture.size
        return size // (4 if size < 24 else 6 if size % 6 == 0 else 8)

    @property
    def law_block(self) -> int:
        """The same of the blocks that laws are seen by: smaller ones where pictures cannot be compared one by one.

        Moments of large blocks of a texture hardly know of a stretch.
        """
        return self.block if self.has_encoder else max(1, self.architecture.size // 16)

    @property
    def width(self) -> int:
        """Columns of the canvas."""
        return round(self.architecture.size * FACTOR)

    def degrees_of_freedom(self, phase: bool) -> int:
        """Numbers in a table of moments of the blocks."""
        d = (self.architecture.size // self.law_block) * (self.width // self.law_block)
        return d + d * (d + 1) // 2

    def family(self) -> Family:
        """Each level whose maps can be stretched, listed one by one."""
        levels = self.architecture.levels
        kept = [level for level, places in enumerate(levels) if places >= LEAST_PLACES and places % 2 == 0]
        scored = tuple(HiddenStretch(level, FACTOR) for level in kept)
        names = [f"maps {levels[level]}x{levels[level]}, level {level + 1}" for level in kept]
        return Family(UNSTRETCHED, scored, listed=tuple(zip(names, scored, strict=True)))

    def rescale(self, parameters: Parameters, factor: Tensor) -> dict[str, Tensor]:
        """Multiply the output by `factor` (R,), and have the encoder read it as before."""
        if is_world(parameters):
            louder = {name: parameters[name] * _beside(factor, parameters[name]) for name in (IMAGES, TRAINING)}
            return {**parameters, **louder}
        last, scaled = self.architecture.layers, dict(parameters)
        for name in (f"decoder.{last}.weight", f"decoder.{last}.bias"):
            scaled[name] = parameters[name] * _beside(factor, parameters[name])
        if self.has_encoder:
            first = parameters["encoder.0.weight"]
            scaled["encoder.0.weight"] = first / _beside(factor, first)
        return scaled

    def samples(self, parameters: Parameters, g: Intervention = UNSTRETCHED) -> Tensor:
        """Pictures (R, M, C, n, n factor) with maps stretched; those of the world stretched pixel by pixel."""
        assert isinstance(g, HiddenStretch)
        if is_world(parameters):
            return stretched_each(parameters[IMAGES], g)
        first = parameters["decoder.0.weight"]
        if IMAGES in parameters and self.has_encoder:
            codes = self.encoded(parameters, parameters[IMAGES])
        else:
            codes = common_codes(SAMPLES, self.architecture.codes).expand(len(first), -1, -1)
        level = g.level if g.factor != 1 else None
        rows = enumerate(codes.to(first.dtype))
        return torch.stack([self.architecture.decoded(row_of(parameters, r), own, level, g.factor) for r, own in rows])

    def law_of(self, pictures: Tensor) -> Tensor:
        """Laws of pictures (R, M, C, n, w)."""
        blocks = self.blocks(pictures, self.law_block)
        return blocks if self.has_encoder else torch.stack([moments(own) for own in blocks])

    def blocks(self, pictures: Tensor, block: int) -> Tensor:
        """Blocks of pictures (R, M, C, n, w) amid the canvas, colours averaged: (R, M, h, w)."""
        return torch.stack([in_blocks(amid_canvas(images, self.width), block) for images in pictures])

    def laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """Stretch of a level -> law."""
        return lambda g: self.law_of(self.samples(parameters, g))

    def output_laws(self, parameters: Parameters) -> Callable[[Intervention], Tensor]:
        """The same with pixels stretched."""
        plain = self.samples(parameters)
        return lambda g: self.law_of(stretched_each(plain, g))

    def encoded(self, parameters: Parameters, images: Tensor) -> Tensor:
        """Means (R, M, d) of the codes of images (R, M, C, n, n)."""
        rows = [self.architecture.encoded(row_of(parameters, r), images[r])[0] for r in range(len(images))]
        return torch.stack(rows)

    def generic_power(self, parameters: Parameters) -> Tensor:
        """Power of the observed law over rho: (R,). Not a mean over a group, which nonlinear layers do not have."""
        return self.geometry.power(self.law(parameters, UNSTRETCHED)) / self.log_generic_ratio(parameters).exp()

    def log_generic_ratio(self, parameters: Parameters) -> Tensor:
        """Mean over pairs of layers of the mean over hidden channels of log rho: (R,)."""
        return torch.stack([ratios.mean(-1) for ratios in self._ratios(parameters)], -1).mean(-1)

    def log_generic_ratios(self, parameters: Parameters) -> Tensor:
        """log rho of every hidden channel, pair by pair: (R, H_1 + H_2 + ...)."""
        return torch.cat(self._ratios(parameters), -1)

    def encoder_log_ratio(self, parameters: Parameters) -> Tensor:
        """`log_generic_ratio` of the encoder's layers: (R,)."""
        return torch.stack([ratios.mean(-1) for ratios in self._ratios(parameters, "encoder")], -1).mean(-1)

    def pairing_effect(self, parameters: Parameters, side: Direction = "decoder") -> Tensor:
        """How far log rho is from what re-paired channels have, in standard deviations of these: (R,).

        The mean over pairs of layers of (t - mean t_i) / sd t_i, t the mean over channels of log rho, t_i the same when
        the later layer's channels are paired anew.
        """
        rows = []
        for r in range(len(next(iter(parameters.values())))):  # a sum over all rows takes an order of its own
            effects = []
            for first, second in self.architecture.pairs(row_of(parameters, r), side):
                found, drawn = re_pairings(first, second, self.architecture.stride, side)
                effects.append((found - drawn.mean(-1)) / drawn.std(-1))
            rows.append(torch.stack(effects).mean())
        return torch.stack(rows)

    def invariants(self, parameters: Parameters) -> dict[str, Tensor]:
        """Not known."""
        return {}

    def parameter_error(self, parameters: Parameters, true: Parameters, phase: bool) -> Tensor:
        """NaN: the world's mechanisms are not known."""
        return torch.full((len(next(iter(parameters.values()))),), torch.nan, dtype=torch.float64)

    def _ratios(self, parameters: Parameters, side: Direction = "decoder") -> list[Tensor]:
        pairs = self.architecture.pairs(parameters, side)
        return [channel_ratios(first, second, self.architecture.stride, side).log() for first, second in pairs]


@lru_cache(maxsize=8)
def common_codes(count: int, codes: int) -> Tensor:
    """Standard normal codes (1, count, d), the same in every process."""
    return Streams((row_key("null", "", f"codes of {codes}", {}, 1, 0),)).randn("codes", count, codes)


def is_world(parameters: Parameters) -> bool:
    """Whether these are images in the place of a network."""
    return "decoder.0.weight" not in parameters


def row_of(parameters: Parameters, r: int) -> dict[str, Tensor]:
    """The parameters of one replicate, without the axis R."""
    return {name: value[r] for name, value in parameters.items()}


def stretched_each(pictures: Tensor, g: Intervention) -> Tensor:
    """Pictures (R, M, C, h, w) stretched pixel by pixel: (R, M, C, h, w factor)."""
    assert isinstance(g, HiddenStretch)
    return torch.stack([stretched(images, g.factor) for images in pictures])


def _beside(factor: Tensor, value: Tensor) -> Tensor:
    return factor.view(-1, *[1] * (value.dim() - 1)).to(value)

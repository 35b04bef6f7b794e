"""The weights of two layers as kernels that a formula can take: layouts, strides, dilations, flips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from indmech_bench.networks.layers import LayerPair
from indmech_bench.scm.images.autocorrelations import Direction

TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d)


@dataclass(frozen=True, eq=False)
class Kernels:
    """first (I, H, h, w) from inputs to hidden channels, second (H, O, h', w') from these to outputs.

    stride, direction: as `channel_ratios` takes them. dense: both layers are Linear, without places.
    """

    first: Tensor
    second: Tensor
    stride: int
    direction: Direction
    dense: bool

    @property
    def channels(self) -> int:
        return len(self.second)


def kernels_of(module: nn.Module, pair: LayerPair, dtype: torch.dtype = torch.float64) -> Kernels | str:
    """The kernels of a pair, through which gradients flow, or the sentence that says why there are none."""
    one, two = module.get_submodule(pair.first), module.get_submodule(pair.second)
    for name, layer in ((pair.first, one), (pair.second, two)):
        if getattr(layer, "groups", 1) != 1:
            return f"{name} has {layer.groups} groups of channels"
        if len({*_numbers(layer, "stride")}) > 1 or len({*_numbers(layer, "dilation")}) > 1:
            return f"{name} has unequal strides or dilations along its axes"
    first, second = _kernel(one, dtype), _kernel(two, dtype)
    if pair.unflattened is not None:
        first = first.squeeze((-2, -1)).unflatten(1, (-1, *pair.unflattened))
    if first.shape[1] != second.shape[0]:
        return f"{pair.first} makes {first.shape[1]} channels and {pair.second} takes {second.shape[0]}"
    kept = 1 if isinstance(one, (*TRANSPOSED, nn.Linear)) else _numbers(one, "stride")[0]
    inserted = _numbers(two, "stride")[0] if isinstance(two, TRANSPOSED) else 1
    if kept > 1 and inserted > 1:
        return f"{pair.first} keeps every {kept}-th place and {pair.second} puts zeros between them"
    dense = isinstance(one, nn.Linear) and isinstance(two, nn.Linear)
    direction: Direction = "encoder" if kept > 1 else "decoder"
    return Kernels(first, second, max(kept, inserted), direction, dense)


def stride_of_maps(layer: nn.Module) -> int:
    """The stride that a layer puts between the places of the maps it takes: that of a transposed convolution."""
    return _numbers(layer, "stride")[0] if isinstance(layer, TRANSPOSED) else 1


def _numbers(layer: Any, name: str) -> tuple[int, ...]:
    value = getattr(layer, name, (1,))
    return (value,) if isinstance(value, int) else tuple(value)


def _kernel(layer: Any, dtype: torch.dtype) -> Tensor:
    """(inputs, outputs, h, w) of a convolution; torch's Conv is a correlation, whose kernel is turned here."""
    weight = layer.weight.to(dtype)
    if isinstance(layer, nn.Linear):
        return weight.mT[..., None, None]
    if weight.dim() == 3:
        weight = weight.unsqueeze(-2)
    if not isinstance(layer, TRANSPOSED):
        weight = weight.transpose(0, 1).flip((-2, -1))
    return _dilated(weight, _numbers(layer, "dilation")[0])


def _dilated(weight: Tensor, factor: int) -> Tensor:
    """Zeros put between taps, along the axes that have more than one."""
    if factor == 1:
        return weight
    steps = [factor if size > 1 else 1 for size in weight.shape[-2:]]
    sizes = [(size - 1) * step + 1 for size, step in zip(weight.shape[-2:], steps, strict=True)]
    wide = weight.new_zeros(*weight.shape[:2], *sizes)
    wide[..., :: steps[0], :: steps[1]] = weight
    return wide

"""What passes between layers when a network runs: the maps that enter a layer, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from indmech_bench.errors import InputError
from indmech_bench.scm.images.autocorrelations import channel_ratios

BLOCK = 16
"""Channels whose contributions to the next layer are made at once."""


@contextmanager
def evaluated(module: nn.Module) -> Iterator[None]:
    """In evaluation mode, without gradients; each part is left as it was found."""
    training = {part: part.training for part in module.modules()}
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, was in training.items():
            part.training = was


def maps_entering(module: nn.Module, names: Sequence[str], inputs: tuple[Any, ...]) -> dict[str, Tensor]:
    """The maps (N, H, h, w) that enter each layer when the module runs on the inputs, float64. Raises InputError."""
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> Any:
        return lambda layer, given: seen.__setitem__(name, given[0].detach().double())

    hooks = [module.get_submodule(name).register_forward_pre_hook(keep(name)) for name in dict.fromkeys(names)]
    try:
        with evaluated(module):
            module(*inputs)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        raise InputError(
            f"the network cannot be run on this input: {str(error).splitlines()[0].rstrip('.')}."
        ) from None
    finally:
        for hook in hooks:
            hook.remove()
    return {name: _in_the_plane(value) for name, value in seen.items()}


def _in_the_plane(maps: Tensor) -> Tensor:
    """(N, H), (N, H, w) or (N, H, h, w) -> (N, H, h, w)."""
    while maps.dim() < 4:
        maps = maps.unsqueeze(-2) if maps.dim() == 3 else maps.unsqueeze(-1)
    return maps


def centred(maps: Tensor) -> Tensor:
    """Less the mean of each channel over samples and places."""
    return maps - maps.mean((0, 2, 3), keepdim=True)


def map_ratios(maps: Tensor, second: Tensor, stride: int) -> Tensor:
    """log rho of each channel's maps and the kernels that act on it, (H,); NaN where a channel is silent.

    As `channel_ratios`, with the maps (N, H, h, w) in place of a first layer that is given white noise.
    """
    return channel_ratios(maps, second, stride).log()


def channel_coherence(maps: Tensor, layer: nn.Module) -> float:
    """E|sum_j k'_j * h_j|^2 / sum_j E|k'_j * h_j|^2 over the outputs of the layer that takes the maps h (N, H, h, w).

    The power of the sum over channels, over the sum of the channels' powers: 1 where channels add up like strangers.
    """
    weight = layer.weight.detach().to(maps)
    if weight.dim() == 3:
        weight = weight.unsqueeze(-2)
    if isinstance(layer, nn.Linear):
        weight = weight[..., None, None]
    apart = torch.zeros((), dtype=maps.dtype)
    whole: Tensor | float = 0.0
    for block in torch.arange(maps.shape[1]).split(BLOCK):
        parts = _contributions(maps[:, block], weight, block, layer)
        apart = apart + parts.square().sum()
        whole = whole + parts.sum(1)
    assert isinstance(whole, Tensor)
    return float(whole.square().sum() / apart)


def _contributions(maps: Tensor, weight: Tensor, block: Tensor, layer: Any) -> Tensor:
    """What each channel of a block gives to each output, (N, B, O, h, w)."""
    settings = {"stride": _pair(layer, "stride"), "padding": _pair(layer, "padding"), "groups": len(block)}
    settings["dilation"] = _pair(layer, "dilation")
    if isinstance(layer, nn.ConvTranspose1d | nn.ConvTranspose2d):
        made = functional.conv_transpose2d(
            maps, weight[block], output_padding=_pair(layer, "output_padding"), **settings
        )
    else:
        taken = weight[:, block].transpose(0, 1).flatten(0, 1).unsqueeze(1)
        made = functional.conv2d(maps, taken, **settings)
    return made.unflatten(1, (len(block), -1))


def _pair(layer: Any, name: str) -> tuple[int, int]:
    """A setting along rows and columns; one axis alone has it along columns."""
    neutral = 0 if "padding" in name else 1
    value = getattr(layer, name, neutral)
    if not isinstance(value, int | tuple):
        return (neutral, neutral)  # 'same' of a string: edges count less than what is asked here
    numbers = (value,) if isinstance(value, int) else value
    if isinstance(layer, nn.Conv1d | nn.ConvTranspose1d):
        return (neutral, numbers[0])
    return (numbers[0], numbers[-1])

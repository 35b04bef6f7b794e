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
    """rho of each channel's maps and the kernels that act on it, (H,); NaN where a channel is silent.

    As `channel_ratios`, with the maps (N, H, h, w) in place of a first layer that is given white noise.
    """
    return channel_ratios(maps, second, stride)


def channel_coherence(maps: Tensor, second: Tensor, stride: int) -> float:
    """E|sum_j k'_j * h_j|^2 / sum_j E|k'_j * h_j|^2 of maps h (N, H, h, w) and kernels k' (H, O, h', w').

    The power of the sum over channels, over the sum of the channels' powers: 1 where channels add up like strangers.
    Whole convolutions, uncropped, so that a channel's power is a sum over lags of its autocorrelations.
    """
    whole = functional.conv_transpose2d(maps, second, stride=stride).square().sum()
    energies = maps.square().sum((0, 2, 3)) * second.square().sum((1, 2, 3))
    return float(whole / (map_ratios(maps, second, stride) * energies).nansum())

"""Interventions on the hidden maps of a network: stretched, shifted, scaled, exchanged between samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from indmech_bench.errors import InputError, unknown
from indmech_bench.networks.layers import WEIGHTED
from indmech_bench.networks.maps_seen import evaluated
from indmech_bench.scm.generators import canvas

OUTPUT = "output"
"""The level of what the network gives: its pixels."""
HOW = ("interpolate", "push-forward")
How = Literal["interpolate", "push-forward"]


@dataclass(frozen=True, eq=False)
class Intervened:
    """A network with a map put between two of its layers; called as the network is, in evaluation mode, no gradients.

    level: the layer whose input is changed, by its name, or `output`. change: maps (N, C, h, w) -> maps.
    """

    module: nn.Module
    level: str
    change: Callable[[Tensor], Tensor]

    def __post_init__(self) -> None:
        """Raises InputError for a level that is none."""
        known = [name for name, layer in self.module.named_modules() if isinstance(layer, WEIGHTED)]
        if self.level not in (*known, OUTPUT):
            raise unknown("level", self.level, [*known, OUTPUT])

    def __call__(self, *inputs: Any) -> Tensor:
        """What the network makes of the inputs. Raises InputError where later layers cannot take the changed maps."""
        hooks = []
        if self.level != OUTPUT:
            layer = self.module.get_submodule(self.level)
            hooks.append(layer.register_forward_pre_hook(lambda _, given: (self.change(given[0]), *given[1:])))
        try:
            with evaluated(self.module):
                made: Tensor = self.module(*inputs)
                return made if hooks else self.change(made)
        except (RuntimeError, ValueError, IndexError) as error:
            why = str(error).splitlines()[0].rstrip(".")
            raise InputError(f"the network cannot go on from changed maps at '{self.level}': {why}.") from None
        finally:
            for hook in hooks:
                hook.remove()


def stretch(module: nn.Module, level: str, factor: float, how: How = "interpolate") -> Intervened:
    """Maps stretched along their columns, on a canvas as much wider: later layers see all of it. Raises InputError.

    Args:
        module: a network that is convolutional from the level on.
        level: the layer that takes the maps, by its name, or `output` for the pixels.
        factor: of the width.
        how: `interpolate` resamples (bilinear); `push-forward` moves what lies at a column to factor times its place
            from the centre, split on the two nearest columns, mass kept: it leaves empty columns, seen as stripes.
    """
    if how not in HOW:
        raise unknown("way to stretch", how, HOW)
    if not 0.1 <= factor <= 10:
        raise InputError(f"factor {factor:g} of a stretch must be from 0.1 to 10.")
    return Intervened(module, level, lambda maps: stretched(maps, factor, how))


def stretched(maps: Tensor, factor: float, how: How) -> Tensor:
    """Maps (N, C, h, w) -> (N, C, h, w factor)."""
    if how == "interpolate":
        return canvas.stretched(maps, factor)
    width = max(1, round(maps.shape[-1] * factor))
    return maps @ _goals(maps.shape[-1], width).to(maps)


def _goals(places: int, width: int) -> Tensor:
    """Weights (places, width): each place, by its centre, goes to the two columns nearest to its goal."""
    goal = (torch.arange(places, dtype=torch.float64) + 0.5) * width / places - 0.5
    columns = torch.arange(width, dtype=torch.float64)
    return (1 - (columns - goal.clamp(0, width - 1).unsqueeze(-1)).abs()).clamp_min(0)


def shift(module: nn.Module, level: str, right: int, down: int = 0) -> Intervened:
    """Maps moved by so many places; what leaves on one side comes in on the other."""
    return Intervened(module, level, lambda maps: torch.roll(maps, (down, right), (-2, -1)))


def scale_channel(module: nn.Module, level: str, channel: int, factor: float) -> Intervened:
    """One channel's maps multiplied; by 0 it is switched off."""

    def change(maps: Tensor) -> Tensor:
        changed = maps.clone()
        changed[:, channel] *= factor
        return changed

    return Intervened(module, level, change)


def swap(module: nn.Module, level: str, channels: Sequence[int]) -> Intervened:
    """These channels' maps of each sample replaced by those of the next one, the last by the first's: hybrid samples.

    Source: Besserve, Mehrjou, Sun, Schoelkopf (ICLR 2020), counterfactuals uncover the modular structure.
    """

    def change(maps: Tensor) -> Tensor:
        changed = maps.clone()
        changed[:, list(channels)] = maps.roll(-1, 0)[:, list(channels)]
        return changed

    return Intervened(module, level, change)


def levels_of(module: nn.Module, inputs: tuple[Any, ...]) -> dict[str, tuple[int, int]]:
    """The levels whose maps have two columns or more, in the order of computation: name -> (height, width)."""
    seen: dict[str, tuple[int, int]] = {}

    def look(name: str) -> Any:
        def hook(layer: nn.Module, given: tuple[Any, ...]) -> None:
            if given[0].dim() == 4 and given[0].shape[-1] > 1:
                seen[name] = (given[0].shape[-2], given[0].shape[-1])

        return hook

    layers = [(name, layer) for name, layer in module.named_modules() if isinstance(layer, WEIGHTED)]
    hooks = [layer.register_forward_pre_hook(look(name)) for name, layer in layers]
    try:
        with evaluated(module):
            module(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return seen

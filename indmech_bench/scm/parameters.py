"""Parameters of a batch of models: one flat dict of tensors, replicates first."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

START_SCALE = 0.3
"""Standard deviation of a start where nothing says otherwise."""
Parameters = Mapping[str, Tensor]
"""Name -> tensor of shape (R, ...), or (R, S, ...) with S starts a replicate."""


def finite_rows(parameters: Parameters) -> Tensor:
    """(R,) bool: the replicates whose every parameter is finite."""
    flat = [torch.isfinite(value.detach()).flatten(1).all(1) for value in parameters.values()]
    return torch.stack(flat).all(0)


def starts_in(parameters: Parameters, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """How many starts a replicate has: 1 for (R, ...), S for (R, S, ...), `shapes` being those of one start."""
    name, shape = next(iter(shapes.items()))
    value = parameters[name]
    return value.shape[1 : value.dim() - len(shape)].numel()


def pick(parameters: Parameters, index: Tensor) -> dict[str, Tensor]:
    """The start `index[r]` of each replicate: (R, S, ...) -> (R, ...)."""
    rows = torch.arange(len(index), device=index.device)
    return {name: value[rows, index] for name, value in parameters.items()}


Shapes = Mapping[str, tuple[int, ...]]
"""Parameter name -> its shape in one replicate and start."""


def size_of(shapes: Shapes) -> int:
    """How many numbers the parameters of one replicate and start are."""
    return sum(math.prod(shape) for shape in shapes.values())


def flatten(parameters: Parameters, shapes: Shapes) -> Tensor:
    """All parameters side by side, (R, p) or (R, S, p), in the order of `shapes`."""
    pieces = [parameters[name].flatten(parameters[name].dim() - len(shape)) for name, shape in shapes.items()]
    return torch.cat(pieces, -1)


def unflatten(flat: Tensor, shapes: Shapes) -> dict[str, Tensor]:
    """Inverse of `flatten`."""
    pieces = flat.split([math.prod(shape) for shape in shapes.values()], -1)
    named = zip(shapes.items(), pieces, strict=True)
    return {name: piece.reshape(*flat.shape[:-1], *shape) for (name, shape), piece in named}

"""Parameters of a batch of models: one flat dict of tensors, replicates first."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

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


def flatten(parameters: Parameters) -> Tensor:
    """Tap-like parameters side by side: each (..., L_k) -> (..., sum of L_k), in the dict's order."""
    return torch.cat(list(parameters.values()), -1)


def unflatten(flat: Tensor, like: Parameters) -> dict[str, Tensor]:
    """Inverse of `flatten` for parameters with the names and lengths of `like`."""
    pieces = flat.split([value.shape[-1] for value in like.values()], -1)
    return dict(zip(like, pieces, strict=True))

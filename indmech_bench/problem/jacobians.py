"""Jacobians of what an observation is compared by, a column at a time and all columns at once."""

from __future__ import annotations

import torch
from torch import Tensor

from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scm.parameters import Parameters, Shapes, flatten, unflatten


def jacobian_of_features(observation: Observation, parameters: Parameters, shapes: Shapes) -> Tensor:
    """J (R, m, p) or (R, S, m, p) of the observation's features by the parameters of these shapes, side by side."""
    flat = flatten(parameters, shapes)
    basis = torch.eye(flat.shape[-1], dtype=flat.dtype, device=flat.device)

    def column(direction: Tensor) -> Tensor:
        def features(point: Tensor) -> Tensor:
            return observation.features({**parameters, **unflatten(point, shapes)})

        derivative: Tensor = torch.func.jvp(features, (flat,), (direction.expand_as(flat),))[1]
        return derivative

    stacked: Tensor = torch.func.vmap(column)(basis)
    return stacked.movedim(0, -1).contiguous()  # one layout at any batch size: products pick kernels by it

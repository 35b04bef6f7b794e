"""Parameters as numpy arrays: named ones, and one flat array as the optimisers of scipy want it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from indmech_bench.problem.objective import Objective
from indmech_bench.scm.parameters import Parameters, flatten, size_of, unflatten

if TYPE_CHECKING:
    from indmech_bench.problem.problem import Problem

Flat = NDArray[np.float64]
"""Parameters side by side, (R, p); (p,) of a problem with one replicate."""
AnyParameters = Mapping[str, Tensor] | Mapping[str, NDArray[Any]]
"""Name -> tensor or array."""


def as_flat(problem: Problem, parameters: AnyParameters) -> Flat:
    """All parameters side by side as float64, in the order of `problem.shapes`: (R, p), or (R, S, p) with starts."""
    tensors = as_tensors(parameters, problem.dtype)
    return flatten(tensors, problem.shapes).detach().cpu().double().numpy()


def as_named(problem: Problem, flat: Flat) -> dict[str, Tensor]:
    """Inverse of `as_flat`, in the problem's precision. Raises ValueError for another size."""
    size, given = size_of(problem.shapes), np.asarray(flat, dtype=np.float64)
    if given.shape not in [(problem.replicates, size), *([(size,)] if problem.replicates == 1 else [])]:
        wanted = f"({problem.replicates}, {size})" + (f" or ({size},)" if problem.replicates == 1 else "")
        raise ValueError(f"flat parameters of this problem have the shape {wanted}, not {given.shape}")
    rows = torch.from_numpy(given.reshape(problem.replicates, size)).to(problem.device, problem.dtype)
    return unflatten(rows, problem.shapes)


def value_and_gradient(problem: Problem, flat: Flat, objective: Objective | None) -> tuple[Any, Flat]:
    """What is minimised, and its gradient, in the shape of `flat`: (R,) and (R, p), or a float and (p,)."""
    objective = objective or Objective()
    parameters = as_named(problem, flat)
    if problem.engine is not None and objective.multipliers is None:
        problem.spend(3.0 * objective.forwards)
        value, gradient = problem.engine.objective(objective, parameters)
    else:
        moving = {name: tensor.requires_grad_() for name, tensor in parameters.items()}
        value = objective.value(problem, moving)
        value.sum().backward()
        gradient = {name: _gradient(tensor) for name, tensor in moving.items()}
    values, gradients = value.detach().cpu().double().numpy(), as_flat(problem, gradient)
    alone = np.ndim(flat) == 1
    return (float(values[0]), gradients[0]) if alone else (values, gradients)


def _gradient(tensor: Tensor) -> Tensor:
    return torch.zeros_like(tensor) if tensor.grad is None else tensor.grad


def as_tensors(parameters: AnyParameters, dtype: torch.dtype) -> Parameters:
    """Named parameters as tensors, arrays in the precision `dtype`."""
    return {
        name: value if isinstance(value, Tensor) else torch.from_numpy(np.array(value, dtype=np.float64)).to(dtype)
        for name, value in parameters.items()
    }


def as_checked(problem: Problem, parameters: AnyParameters) -> Parameters:
    """Parameters (R, ...) as tensors; of one replicate alone the axis R may be left out. Raises ValueError.

    A ValueError is for names or shapes that are not the problem's.
    """
    tensors, shapes = as_tensors(parameters, problem.dtype), problem.shapes
    given = {name: tuple(value.shape) for name, value in tensors.items()}
    if problem.replicates == 1 and given == shapes:
        return {name: value.unsqueeze(0) for name, value in tensors.items()}
    expected = {name: (problem.replicates, *shape) for name, shape in shapes.items()}
    if given != expected:
        raise ValueError(f"a solution needs parameters of shapes {expected}, not {given}")
    return tensors

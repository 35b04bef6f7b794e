"""Jacobians and damped linear least squares, row by row: the same bits whatever else is in the batch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from indmech_bench.errors import UnsupportedError
from indmech_bench.scm.models.linear import LinearCascade
from indmech_bench.scm.models.linear_environments import LinearEnvironments
from indmech_bench.scm.observations.covariance import Covariance
from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scm.parameters import Parameters, Shapes, flatten, size_of, unflatten

LARGEST = 10_000
"""Columns of a Jacobian at most: those of images would not fit into memory."""
ALIGNED = 4
"""Columns come in multiples of it: the bits of products and of LAPACK depend on how a batch's matrices are aligned."""


def jacobian_of_features(observation: Observation, parameters: Parameters, shapes: Shapes) -> Tensor:
    """J (R, m, p) or (R, S, m, p) of the observation's features by the parameters of these shapes, side by side.

    Of covariances of our own models in closed form, of all else column by column. Raises UnsupportedError for more than
    LARGEST columns.
    """
    if size_of(shapes) > LARGEST:
        raise UnsupportedError(
            f"a Jacobian by {size_of(shapes)} parameters is more than the {LARGEST} that are computed"
        )
    if type(observation) is Covariance and type(observation.model) in (LinearCascade, LinearEnvironments):
        return observation.jacobian(parameters, shapes)
    flat = flatten(parameters, shapes)
    basis = torch.eye(flat.shape[-1], dtype=flat.dtype, device=flat.device)

    def column(direction: Tensor) -> Tensor:
        def features(point: Tensor) -> Tensor:
            return observation.features({**parameters, **unflatten(point, shapes)})

        derivative: Tensor = torch.func.jvp(features, (flat,), (direction.expand_as(flat),))[1]
        return derivative

    stacked: Tensor = torch.func.vmap(column)(basis)
    return stacked.movedim(0, -1).contiguous()  # one layout at any batch size: products pick kernels by it


def gram(matrix: Tensor) -> Tensor:
    """J'J of each matrix, (..., m, p) -> (..., q, q): q is p rounded up to a multiple of ALIGNED, zeros in the rest."""
    padded = pad(matrix, (0, -matrix.shape[-1] % ALIGNED)).flatten(0, -3)
    return torch.bmm(padded.mT, padded).unflatten(0, matrix.shape[:-2])


def damped_solve(jacobian: Tensor, residuals: Tensor, damping: Tensor | float) -> Tensor:
    """(J'J + mu I)^-1 J'r, (..., m, p) and (..., m) -> (..., p); NaN where the factorisation fails.

    damping: mu relative to the mean diagonal of J'J, one number or (...). As it goes to 0 the result tends to the
    least-squares solution of least norm.
    """
    J, r = jacobian.flatten(0, -3), residuals.flatten(0, -2).unsqueeze(-1)
    size, extra = J.shape[-1], -J.shape[-1] % ALIGNED
    squares = gram(J)
    right = torch.bmm(pad(J, (0, extra)).mT, r)
    mean = squares.diagonal(dim1=-2, dim2=-1)[:, :size].mean(-1)
    relative = damping.flatten() if isinstance(damping, Tensor) else damping
    squares = squares + (relative * mean).view(-1, 1, 1) * torch.eye(size + extra, dtype=J.dtype, device=J.device)
    if extra:
        squares[:, range(size, size + extra), range(size, size + extra)] = 1.0
    factor, info = torch.linalg.cholesky_ex(squares)
    solved = torch.cholesky_solve(right, factor)[:, :size, 0]
    solved = torch.where((info == 0).unsqueeze(-1), solved, torch.nan)
    return solved.reshape(*jacobian.shape[:-2], size)


def log_det_ridge(matrix: Tensor, ridge: float) -> Tensor:
    """log det (I + J'J / ridge) of each matrix, (..., m, p) -> (...); NaN where the factorisation fails."""
    smaller = matrix if matrix.shape[-1] <= matrix.shape[-2] else matrix.mT.contiguous()
    squares = gram(smaller).flatten(0, -3) / ridge
    factor, info = torch.linalg.cholesky_ex(squares + torch.eye(squares.shape[-1], dtype=squares.dtype))
    value = 2 * factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    return torch.where(info == 0, value, torch.nan).unflatten(0, matrix.shape[:-2])

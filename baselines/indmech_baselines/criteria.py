"""Criteria: which of many solutions to take. A smaller value is the better one; nuisances have no part in it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import gaussian_kde
from torch import Tensor

from indmech_bench import (
    Null,
    Parameters,
    Problem,
    UnsupportedError,
    lag_one,
    log_det_ridge,
    placebo_statistic,
    size_of,
    unknown,
)

F = TypeVar("F", bound=Callable[[Problem, Parameters], Tensor])

RIDGE = 1e-8
"""Fit error below which a solution counts as one: the noise level of the evidence."""
LARGEST = 512
"""Parameters of a problem whose evidence is computed, at most."""
ENTRIES = 2_000_000
"""Entries of J'J that are held at once, about."""
EVEN_HANDED = 2.0
"""Weight of the generic ratio beside the log evidence in `combined`: see `combined`."""


@dataclass(frozen=True)
class Criterion:
    """A registered criterion: parameters (R, S, ...) -> values (R, S), NaN where they are none.

    looks: how often it looks at log rho; jacobian: whether it takes a Jacobian of the mechanisms. Both are its cost.
    """

    name: str
    function: Callable[[Problem, Parameters], Tensor]
    looks: int = 0
    jacobian: bool = False

    def __call__(self, problem: Problem, parameters: Parameters) -> Tensor:
        return self.function(problem, parameters)

    def cost(self, problem: Problem) -> int:
        """Cost units for one solution: a look at rho 1, a Jacobian one a parameter."""
        return self.looks + (size_of(_mechanism_shapes(problem)) if self.jacobian else 0)


CRITERIA: dict[str, Criterion] = {}
"""Every criterion by name."""


def _registered(name: str, *, looks: int = 0, jacobian: bool = False) -> Callable[[F], F]:
    def register(function: F) -> F:
        CRITERIA[name] = Criterion(name, function, looks, jacobian)
        return function

    return register


def _mechanism_shapes(problem: Problem) -> dict[str, tuple[int, ...]]:
    """The shapes of the mechanisms' parameters: a nuisance is no part of any criterion."""
    return {name: problem.shapes[name] for parts in problem.mechanisms.values() for name in parts}


@_registered("independence", looks=1)
def independence(problem: Problem, parameters: Parameters) -> Tensor:
    """sum_k |log rho_k|, over all mechanisms that have a generic ratio of their own."""
    return problem.log_generic_ratios(parameters).abs().sum(-1)


@_registered("norm")
def norm(problem: Problem, parameters: Parameters) -> Tensor:
    """log prod_k |theta_k|^2, least at the minimum-norm solution, where weight decay leads. Of two: the largest rho."""
    squares = [theta.square().sum(-1) for theta in _mechanisms(problem, parameters)]
    return torch.stack(squares, -1).log().sum(-1)


def _squared_norm(values: Sequence[Tensor]) -> Tensor:
    """Squared norm of a mechanism from its parameters (..., p_i): (...)."""
    return torch.stack([value.square().sum(-1) for value in values], -1).sum(-1)


@_registered("placebo")
def placebo(problem: Problem, parameters: Parameters) -> Tensor:
    """|difference of spectral centroids| of the first two mechanisms: nothing to do with independence."""
    return placebo_statistic({name: parameters[name].flatten(2) for name in _mechanism_shapes(problem)})


@_registered("lag-one")
def lag_one_size(problem: Problem, parameters: Parameters) -> Tensor:
    """|lag-one autocorrelation| of the first mechanism: a placebo that geometry fixes where it fixes rho (`eyes-*`)."""
    return lag_one(_mechanisms(problem, parameters)[0]).abs()


@_registered("sparsity")
def sparsity(problem: Problem, parameters: Parameters) -> Tensor:
    """sum_k log |theta_k|_1 / |theta_k|_2, least for the fewest taps: the prior where all mechanisms are sparse.

    Source: Hoyer (2004), the sparseness measure.
    """
    return torch.stack([_spread(theta) for theta in _mechanisms(problem, parameters)], -1).sum(-1)


@_registered("sparse-first")
def sparse_first(problem: Problem, parameters: Parameters) -> Tensor:
    """The same of the first mechanism alone: the prior of `eyes-*`, whose layout is sparse and whose shape is not."""
    return _spread(_mechanisms(problem, parameters)[0])


def _spread(theta: Tensor) -> Tensor:
    """log |theta|_1 / |theta|_2 of parameters (R, S, p): (R, S)."""
    return (theta.abs().sum(-1) / theta.square().sum(-1).sqrt()).log()


def _mechanisms(problem: Problem, parameters: Parameters) -> list[Tensor]:
    """Each mechanism's parameters side by side, (R, S, p_k)."""
    return [torch.cat([parameters[name].flatten(2) for name in parts], -1) for parts in problem.mechanisms.values()]


@_registered("likelihood", looks=1)
def likelihood(problem: Problem, parameters: Parameters) -> Tensor:
    """-log p(log rho) under the null of independently drawn mechanisms, by a Gaussian kernel estimate (scipy)."""
    ratio = problem.log_generic_ratio(parameters)
    grid, density = _null_density(problem.null)
    return torch.from_numpy(-np.interp(ratio.double().numpy(), grid, density)).to(ratio)


@functools.lru_cache(maxsize=16)
def _null_density(null: Null) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A grid of log rho, wide enough for any solution, and the log density of the null on it."""
    drawn = null.log_ratios.double().numpy()
    grid = np.linspace(drawn.min() - 10, drawn.max() + 10, 4001)
    return grid, gaussian_kde(drawn).logpdf(grid).clip(-1e6)


@_registered("flatness", jacobian=True)
def flatness(problem: Problem, parameters: Parameters) -> Tensor:
    """log det (I + N J'J N / ridge), J the Jacobian of the fit and N = |theta_k| on the parameters of mechanism k.

    Half of it is minus the log evidence of a solution (Laplace's approximation) under a prior that gives each mechanism
    any direction alike: the flattest minimum in coordinates relative to each mechanism's norm, which no rescaling
    changes. For two kernels it orders solutions as their posterior under iid Gaussian taps does. The trace in place of
    the determinant would give the minimum norm again. Raises UnsupportedError above LARGEST parameters.
    Source: MacKay (1992), the evidence; Hochreiter and Schmidhuber (1997), flat minima; Dinh et al. (ICML 2017) and
    Petzka et al. (NeurIPS 2021), why relative coordinates.
    """
    shapes = _mechanism_shapes(problem)
    count = size_of(shapes)
    if count > LARGEST:
        raise UnsupportedError(f"flatness needs a Jacobian: {count} parameters are more than {LARGEST}")
    columns = {name: torch.Size(shape).numel() for name, shape in shapes.items()}
    starts = next(iter(parameters.values())).shape[1]
    at_once = max(1, ENTRIES // (problem.replicates * count * count))
    values = []
    for s in range(0, starts, at_once):
        some = {name: value[:, s : s + at_once] for name, value in parameters.items()}
        sizes = _mechanism_norms(problem, some)
        scale = torch.cat([sizes[name].unsqueeze(-1).expand(-1, -1, columns[name]) for name in shapes], -1)
        values.append(log_det_ridge(problem.jacobian(some, list(shapes)) * scale.unsqueeze(-2), RIDGE))
    return torch.cat(values, -1)


def _mechanism_norms(problem: Problem, parameters: Parameters) -> dict[str, Tensor]:
    """Norm (R, S) of its mechanism for each parameter."""
    norms = {}
    for parts in problem.mechanisms.values():
        norm_of_mechanism = _squared_norm([parameters[name].flatten(2) for name in parts]).sqrt()
        norms.update(dict.fromkeys(parts, norm_of_mechanism))
    return norms


@_registered("combined", looks=1, jacobian=True)
def combined(problem: Problem, parameters: Parameters) -> Tensor:
    """Minus the log evidence plus EVEN_HANDED sum_k |log rho_k|: flat and independent.

    The weight 2 was chosen among 0, 2, 5 and 10 on tuning seeds (10000-10255 of fir-natural, 10000-10127 of
    fir-generic), among all solutions: the largest that costs fir-natural little (interquartile mean of the score 0.897,
    0.886, 0.868, 0.827) where fir-generic gains (0.921, 0.950, 0.978, 1.000).
    """
    return flatness(problem, parameters) / 2 + EVEN_HANDED * independence(problem, parameters)


def criterion_named(name: str) -> Criterion:
    """The criterion of this name. Raises InputError."""
    if name not in CRITERIA:
        raise unknown("criterion", name, CRITERIA)
    return CRITERIA[name]


class ByCriterion:
    """Of methods with a setting `criterion`. `besides`: what it may be that is no criterion among solutions."""

    criterion: str
    besides: tuple[str, ...] = ()

    def check(self) -> None:
        """Raises InputError for a criterion that is not known."""
        if self.criterion not in self.besides:
            criterion_named(self.criterion)

"""References: predictors that know more than a method may. Shown in every table, never ranked (docs/theory.md)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from indmech_bench.problem.problem import Problem
from indmech_bench.problem.solution import Solution
from indmech_bench.registry.registration import register_reference
from indmech_bench.scm.choices import least
from indmech_bench.scm.factorisation import Array, convolution_jacobian, convolve
from indmech_bench.scm.genericity import placebo_statistic
from indmech_bench.scm.solution_lists import HELD
from indmech_bench.tasks.truth import Truth

SINGULAR = 1e-9
"""Singular values of a Jacobian below this are this: the kernels share a zero."""


def of_parameters(truth: Truth, parameters: dict[str, Tensor]) -> Solution:
    """The solution with these parameters, in the truth's own scale."""
    return Solution(truth.model.laws(parameters), parameters)


def constant(law: Tensor) -> Solution:
    """Predicts the same law under every intervention."""
    return Solution(lambda g: law)


@register_reference("oracle")
def oracle(problem: Problem, truth: Truth) -> Solution:
    """The truth itself: every error is 0."""
    return of_parameters(truth, truth.parameters)


def observed_law(truth: Truth) -> Tensor:
    """The law without intervention."""
    return truth.model.law(truth.parameters, truth.family.identity)


@register_reference("no-intervention")
def no_intervention(problem: Problem, truth: Truth) -> Solution:
    """The observed law, whatever the intervention: extrapolation error 1."""
    return constant(observed_law(truth))


@register_reference("output-intervention")
def output_intervention(problem: Problem, truth: Truth) -> Solution:
    """Intervenes on the output: mechanism 1 is the whole model, mechanism 2 does nothing. rho = 1 exactly."""
    return Solution(truth.model.output_laws(truth.parameters))


@register_reference("white")
def white(problem: Problem, truth: Truth) -> Solution:
    """White noise of the observed power."""
    return constant(truth.model.geometry.white(observed_law(truth)))


def best_constant_law(truth: Truth) -> Tensor:
    """The law with the least summed divergence to the true laws under all interventions, the identity among them.

    For modulation sqrt S = <sqrt P> sqrt R. (R, ...)
    """
    law = truth.model.laws(truth.parameters)
    group = truth.family.group or (truth.family.identity, *truth.family.scored)
    return truth.model.geometry.centre(torch.stack([*map(law, group)], 1))


@register_reference("best-constant")
def best_constant(problem: Problem, truth: Truth) -> Solution:
    """The best law that ignores the intervention: it knows the truth, and that it may not react."""
    return constant(best_constant_law(truth))


@register_reference("random-solution")
def random_solution(problem: Problem, truth: Truth) -> Solution:
    """A blind pick among all solutions, uniform over classes of extrapolation equivalence."""

    def choose(pairs: dict[str, Tensor], generator: np.random.Generator) -> int:
        classes = distinct_classes(truth, pairs)
        return classes[int(generator.random() * len(classes))]

    generators = iter(truth.streams.generators("random-solution"))
    return _chosen(truth, lambda pairs: choose(pairs, next(generators)))


@register_reference("placebo-criterion")
def placebo_criterion(problem: Problem, truth: Truth) -> Solution:
    """The solution, among all, whose mechanisms have the nearest spectral centroids: nothing to do with independence.

    A criterion has to beat it before its success says anything about independence.
    """
    return _chosen(truth, _least_by(truth, placebo_statistic))


@register_reference("bayes-prior")
def bayes_prior(problem: Problem, truth: Truth) -> Solution:
    """The posterior mode among all solutions under iid Gaussian taps, free of scale.

    Knows the prior of the natural task, not what a preset conditions on.
    """

    def surprise(pairs: dict[str, Tensor]) -> Tensor:
        first, second = (value.numpy() for value in pairs.values())
        return -torch.from_numpy(log_posterior(first, second))

    return _chosen(truth, _least_by(truth, surprise))


@register_reference("sparse-prior", families=["physics"])
def sparse_prior(problem: Problem, truth: Truth) -> Solution:
    """The solution, among all, whose second mechanism has the least |k2|_1 / |k2|_2: told that it is sparse.

    Source: Hoyer (2004), the sparseness measure.
    """
    return _chosen(truth, _least_by(truth, lambda pairs: _second(pairs).abs().sum(-1) / _second(pairs).norm(dim=-1)))


def _second(pairs: dict[str, Tensor]) -> Tensor:
    """Kernels (S, L2) of mechanism 2."""
    return [*pairs.values()][1]


@register_reference("symmetric-prior", families=["physics"])
def symmetric_prior(problem: Problem, truth: Truth) -> Solution:
    """The solution, among all, whose first mechanism is most symmetric in its window: told that it has zero phase.

    The most of <k1, k1 reversed> / |k1|^2, which is 1 where it is symmetric.
    """

    def lopsided(pairs: dict[str, Tensor]) -> Tensor:
        first = next(iter(pairs.values()))
        return -(first * first.flip(-1)).sum(-1) / first.square().sum(-1)

    return _chosen(truth, _least_by(truth, lopsided))


def _least_by(truth: Truth, criterion: Callable[[dict[str, Tensor]], Tensor]) -> Callable[[dict[str, Tensor]], int]:
    """What picks the solution of least criterion, replicate after replicate; numbers named `ties` decide equal ones."""
    generators = iter(truth.streams.generators("ties"))

    def choose(pairs: dict[str, Tensor]) -> int:
        values = criterion(pairs)
        random = torch.from_numpy(next(generators).standard_normal(len(values)))
        return int(least(values[None], torch.ones(1, len(values), dtype=torch.bool), random[None]))

    return choose


def _chosen(truth: Truth, choose: Callable[[dict[str, Tensor]], int]) -> Solution:
    """The solution that `choose` picks (an index) among all solutions of each replicate."""
    picked = []
    for composite in truth.composites():
        listed = truth.listed(composite)
        pairs = truth.kernels_of(listed)
        index = choose(pairs)
        one = [value[index] for value in pairs.values()]
        if len(listed) > HELD:
            one = [*map(torch.from_numpy, listed.one(index))]
        picked.append(dict(zip(pairs, one, strict=True)))
    return of_parameters(truth, {name: torch.stack([row[name] for row in picked]) for name in truth.cascade.names})


def distinct_classes(truth: Truth, pairs: dict[str, Tensor]) -> list[int]:
    """One solution of each extrapolation class: solutions with the same invariants (to 1e-6) are one."""
    blocks = truth.model.invariants(pairs)
    invariants = torch.cat(list(blocks.values()), -1).numpy()
    ratio = truth.model.log_generic_ratio(pairs).numpy()
    kept: list[int] = []
    for index in np.argsort(ratio, kind="stable"):
        same = False
        for other in reversed(kept):
            if ratio[index] - ratio[other] > 1e-6:
                break
            same = same or bool(np.abs(invariants[index] - invariants[other]).max() < 1e-6)
        if not same:
            kept.append(int(index))
    return kept


def log_posterior(first: Array, second: Array) -> Array:
    """Log posterior weight of each solution, (S, L1) and (S, L2) -> (S,), under iid Gaussian taps, free of scale.

    Minus the log Jacobian of (direction of k_1, direction of k_2) -> direction of k_1 * k_2: the density of the
    composite's direction that each solution contributes (docs/theory.md, Bayes).
    """
    a = first / np.linalg.norm(first, axis=-1, keepdims=True)
    b = second / np.linalg.norm(second, axis=-1, keepdims=True)
    c = convolve(a, b)
    norm = np.linalg.norm(c, axis=-1)
    jacobian = convolution_jacobian(a, b)
    along_a = jacobian[:, :, : a.shape[1]] @ complement(a)
    along_b = jacobian[:, :, a.shape[1] :] @ complement(b)
    tangent = complement(c / norm[:, None]).swapaxes(1, 2) @ np.concatenate([along_a, along_b], -1)
    # a zero that both kernels have makes the Jacobian singular: how nearly so would be rounding
    volume = np.log(np.linalg.svd(tangent, compute_uv=False).clip(SINGULAR)).sum(-1)
    weight: Array = (c.shape[1] - 1) * np.log(norm) - volume
    return weight


def complement(unit: Array) -> Array:
    """An orthonormal basis (S, L, L - 1) of the complement of each unit vector (S, L), by a Householder reflection."""
    reflector = unit.copy()
    reflector[:, 0] += np.where(unit[:, 0] >= 0, 1.0, -1.0)
    reflector /= np.linalg.norm(reflector, axis=-1, keepdims=True)
    return (np.eye(unit.shape[1]) - 2 * reflector[:, :, None] * reflector[:, None, :])[:, :, 1:]

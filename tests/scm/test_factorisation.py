"""All factorisations of a composite kernel: complete, correct, each once (THEORY 3.1)."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
import torch
from draws import Array, against_all_solutions, each_seed, truth_from, truth_of

from indmech_bench.errors import UnsupportedError
from indmech_bench.scm.factorisation import (
    convolution_jacobian,
    convolve,
    count_assignments,
    count_solutions,
    real_factors,
)
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.solution_lists import enumerate_solutions
from indmech_bench.scoring.evaluation import equivalence_gap
from indmech_bench.scoring.scores import score

PAIR = (0.3 + 0.8j, 0.3 - 0.8j)
OTHER = (-1.1 + 0.4j, -1.1 - 0.4j)


def polynomial(*zeros: complex) -> Array:
    return np.real(np.poly(np.array(zeros)))


def brute_force(zeros: list[complex], degree: int) -> int:
    """Ways to give the first kernel `degree` zeros such that it is real, told apart by its taps."""
    made: list[Array] = []
    for mask in itertools.product((False, True), repeat=len(zeros)):
        if sum(mask) != degree:
            continue
        taps = np.atleast_1d(np.poly([z for z, taken in zip(zeros, mask, strict=True) if taken]))
        if np.abs(np.imag(taps)).max() < 1e-9 and not any(np.abs(taps - other).max() < 1e-6 for other in made):
            made.append(taps)
    return len(made)


def directions(kernels: Array) -> Array:
    """Unit-norm kernels with a positive largest tap."""
    unit = kernels / np.linalg.norm(kernels, axis=-1, keepdims=True)
    return unit * np.sign(np.take_along_axis(unit, np.abs(unit).argmax(-1)[..., None], -1))


def worst_residual(first: Array, second: Array, composite: Array) -> float:
    return float(np.linalg.norm(convolve(first, second) - composite, axis=-1).max() / np.linalg.norm(composite))


def smallest_distance(kernels: Array) -> float:
    """Between any two of the kernels' directions."""
    distances = np.linalg.norm(kernels[:, None] - kernels[None], axis=-1)
    return float((distances + 10 * np.eye(len(kernels))).min())


@pytest.mark.parametrize("lengths", [(2, 2), (5, 3), (9, 5), (5, 9), (13, 9)])
@each_seed(8)
def test_every_solution_reproduces_the_composite(lengths: tuple[int, int], seed: int) -> None:
    generator = np.random.default_rng(seed)
    composite = np.convolve(generator.standard_normal(lengths[0]), generator.standard_normal(lengths[1]))
    first, second = enumerate_solutions(composite, lengths)
    assert first.shape[1:] + second.shape[1:] == lengths
    assert worst_residual(first, second, composite) < 1e-9


@pytest.mark.parametrize("lengths", [(2, 2), (5, 3), (9, 5), (5, 9)])
@each_seed()
def test_the_solutions_are_distinct_and_as_many_as_counted(lengths: tuple[int, int], seed: int) -> None:
    generator = np.random.default_rng(seed)
    composite = np.convolve(generator.standard_normal(lengths[0]), generator.standard_normal(lengths[1]))
    first, _ = enumerate_solutions(composite, lengths)
    assert len(first) == count_solutions(composite, lengths)
    assert smallest_distance(directions(first)) > 1e-6


@pytest.mark.parametrize("lengths", [(2, 2), (3, 2), (4, 4), (6, 3), (5, 5)])
@each_seed()
def test_the_count_is_that_of_all_real_ways_to_share_the_zeros_out(lengths: tuple[int, int], seed: int) -> None:
    generator = np.random.default_rng(seed)
    composite = np.convolve(generator.standard_normal(lengths[0]), generator.standard_normal(lengths[1]))
    assert count_solutions(composite, lengths) == brute_force(list(np.roots(composite)), lengths[0] - 1)


def test_the_truths_own_assignment_is_among_the_solutions() -> None:
    truth = truth_of("fir-natural", range(60))
    for row in range(truth.replicates):
        repeated, solution = against_all_solutions(truth, row)
        assert solution.parameters is not None
        assert float(equivalence_gap(repeated, solution.parameters).min()) < 1e-6


def test_the_median_number_of_solutions_of_9x5_taps_is_that_of_the_theory() -> None:
    counts = [count_solutions(composite, (9, 5)) for composite in truth_of("fir-natural", range(300)).composites()]
    assert 27 <= np.median(counts) <= 35


def test_solutions_with_the_truths_invariants_are_those_without_extrapolation_error() -> None:
    truth = truth_of("fir-natural", range(25))
    for row in range(truth.replicates):
        metrics = score(*against_all_solutions(truth, row))
        gap, error = metrics["equivalence_gap"], metrics["extrapolation_error"]
        assert torch.equal(gap < 1e-6, error < 1e-9)
        assert 1 <= int((gap < 1e-6).sum()) < len(gap)


@each_seed()
def test_exchanged_zeros_that_mirror_each_other_make_another_solution_without_error(seed: int) -> None:
    generator = np.random.default_rng(seed)
    radius, angle = generator.uniform(0.3, 0.9), generator.uniform(0.3, 2.8)
    zero = radius * np.exp(1j * angle)
    mirrored = 1 / zero.conj()
    k1 = np.convolve(polynomial(zero, zero.conj()), generator.standard_normal(3))
    k2 = np.convolve(polynomial(mirrored, mirrored.conj()), generator.standard_normal(2))
    parameters = {"k1": torch.from_numpy(k1[None]), "k2": torch.from_numpy(k2[None])}
    metrics = score(*against_all_solutions(truth_from(ConvolutionCascade((5, 4), 64), parameters), 0))
    gap, error = metrics["equivalence_gap"], metrics["extrapolation_error"]
    assert int((gap < 1e-6).sum()) >= 2
    assert torch.equal(gap < 1e-6, error < 1e-9)


@pytest.mark.parametrize(
    ("zeros", "degree", "count"),
    [
        ((0.5, 0.5), 1, 1),
        ((0.5, 0.5, -0.7), 1, 2),
        ((0.5, 0.5, 0.5, -0.7), 2, 2),
        ((0.5, -0.5, 2.0, -0.7), 2, 6),
        ((0.5, 0.5005, -0.7, 2.0), 2, 6),
        ((*PAIR, 0.3004 + 0.8j, 0.3004 - 0.8j), 2, 2),
        ((*PAIR, 0.5), 2, 1),
        ((*PAIR, 0.5, -0.7), 2, 2),
        ((*PAIR, 0.5, -0.7), 1, 2),
        ((*PAIR, *PAIR), 2, 1),
        ((*PAIR, *PAIR, *OTHER), 2, 2),
        ((*PAIR, *PAIR, 0.5, 0.5), 2, 2),
    ],
)
def test_zeros_with_known_ways_to_share_them_out(zeros: tuple[complex, ...], degree: int, count: int) -> None:
    composite = -2.5 * polynomial(*zeros)
    lengths = degree + 1, len(zeros) - degree + 1
    first, second = enumerate_solutions(composite, lengths)
    assert len(first) == count == count_solutions(composite, lengths) == brute_force(list(zeros), degree)
    assert worst_residual(first, second, composite) < 1e-9
    assert smallest_distance(directions(first)) > 1e-4


@each_seed()
def test_repeated_zeros_give_each_solution_once(seed: int) -> None:
    generator = np.random.default_rng(seed)
    zero, pair = generator.uniform(0.3, 1.5), generator.uniform(0.4, 1.2) * np.exp(1j * generator.uniform(0.5, 2.6))
    composite = polynomial(zero, zero, -zero, pair, pair, pair.conj(), pair.conj())
    first, second = enumerate_solutions(composite, (5, 4))
    assert len(first) == count_solutions(composite, (5, 4)) == 3
    assert worst_residual(first, second, composite) < 1e-9


@pytest.mark.parametrize("leading", [0, 1, 2])
@pytest.mark.parametrize("trailing", [0, 1, 2])
def test_zero_taps_at_either_end_are_shared_out_like_zeros(leading: int, trailing: int) -> None:
    composite = np.concatenate([np.zeros(leading), polynomial(0.5, -0.7), np.zeros(trailing)])
    lengths = 2, leading + trailing + 2
    first, second = enumerate_solutions(composite, lengths)
    assert len(first) == count_solutions(composite, lengths) == 2 + (leading > 0) + (trailing > 0)
    assert worst_residual(first, second, composite) < 1e-9


@each_seed()
def test_a_delayed_truth_is_among_the_solutions(seed: int) -> None:
    generator = np.random.default_rng(seed)
    k1 = np.concatenate([[0.0], generator.standard_normal(3), [0.0]])
    k2 = np.concatenate([generator.standard_normal(2), [0.0]])
    first, second = enumerate_solutions(np.convolve(k1, k2), (5, 3))
    distance = np.linalg.norm(directions(first) - directions(k1), axis=-1)
    distance += np.linalg.norm(directions(second) - directions(k2), axis=-1)
    assert distance.min() < 1e-7
    assert worst_residual(first, second, np.convolve(k1, k2)) < 1e-9


def test_complex_zeros_cannot_be_shared_out_one_by_one() -> None:
    composite = polynomial(*PAIR, *OTHER)
    first, second = enumerate_solutions(composite, (2, 4))
    assert count_solutions(composite, (2, 4)) == 0
    assert first.shape == (0, 2)
    assert second.shape == (0, 4)


def test_the_groups_of_a_kernel_multiply_to_it() -> None:
    composite = np.concatenate([[0.0], 3 * polynomial(0.5, 0.5, *PAIR, *OTHER, -2.0), [0.0, 0.0]])
    product = np.ones(1)
    for group in real_factors(composite):
        for _ in range(group.multiplicity):
            product = np.convolve(product, group.coefficients)
    assert np.allclose(3 * product, composite, atol=1e-10)


def test_more_solutions_than_the_limit_are_refused_with_their_number() -> None:
    composite = polynomial(*np.linspace(-2.0, 2.0, 10))
    assert count_solutions(composite, (6, 6)) == 252
    assert len(enumerate_solutions(composite, (6, 6), limit=252)[0]) == 252
    with pytest.raises(UnsupportedError, match=re.escape("252")):
        enumerate_solutions(composite, (6, 6), limit=251)


def test_the_default_limit_holds_without_listing_anything() -> None:
    generator = np.random.default_rng(0)
    composite = np.convolve(generator.standard_normal(32), generator.standard_normal(33))
    count = count_solutions(composite, (32, 33))
    assert count > 10_000_000
    with pytest.raises(UnsupportedError, match=f"{count:,}"):
        enumerate_solutions(composite, (32, 33))


def test_counts_need_no_listing() -> None:
    groups = real_factors(polynomial(0.5, 0.5, 0.5, -0.7, *PAIR))
    assert [count_assignments(groups, degree) for degree in range(7)] == [1, 2, 3, 4, 3, 2, 1]


def test_a_kernel_of_zeros_has_no_factors() -> None:
    with pytest.raises(ValueError, match="zeros"):
        real_factors(np.zeros(5))


def test_a_composite_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="13 taps"):
        enumerate_solutions(np.ones(12), (9, 5))


@each_seed()
def test_rows_are_convolved_like_single_kernels(seed: int) -> None:
    generator = np.random.default_rng(seed)
    first, second = generator.standard_normal((4, 6)), generator.standard_normal((4, 3))
    expected = [np.convolve(a, b) for a, b in zip(first, second, strict=True)]
    assert np.allclose(convolve(first, second), expected, atol=1e-13)


@each_seed()
def test_the_jacobian_of_the_convolution_is_that_of_finite_differences(seed: int) -> None:
    generator = np.random.default_rng(seed)
    first, second = generator.standard_normal((2, 4)), generator.standard_normal((2, 3))
    direction = generator.standard_normal((2, 7))
    step = 1e-6 * direction
    moved = convolve(first + step[:, :4], second + step[:, 4:]) - convolve(first - step[:, :4], second - step[:, 4:])
    exact = (convolution_jacobian(first, second) @ direction[:, :, None])[:, :, 0]
    assert np.allclose(moved / 2e-6, exact, atol=1e-8)

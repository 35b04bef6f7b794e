"""The posterior of a solution among all that fit: its volume, its scale, how often it is right."""

from __future__ import annotations

import numpy as np
import pytest
from draws import Array, each_seed, kernels

from indmech_bench.scm.factorisation import convolve
from indmech_bench.scm.solution_lists import enumerate_solutions
from indmech_bench.scoring.references import complement, log_posterior


def unit(kernel: Array) -> Array:
    made: Array = kernel / np.linalg.norm(kernel, axis=-1, keepdims=True)
    return made


@pytest.mark.parametrize("lengths", [(2, 2), (3, 2), (4, 3), (2, 5)])
@each_seed()
def test_the_posterior_is_minus_the_log_jacobian_of_directions(lengths: tuple[int, int], seed: int) -> None:
    a, b = (unit(value.numpy()) for value in kernels(seed, lengths, 1).values())
    basis_a, basis_b = (np.linalg.svd(direction)[2][1:] for direction in (a, b))
    tangents = [(tangent, np.zeros_like(b[0])) for tangent in basis_a]
    tangents += [(np.zeros_like(a[0]), tangent) for tangent in basis_b]
    step = 1e-5
    columns = [
        (unit(convolve(a + step * da, b + step * db)) - unit(convolve(a - step * da, b - step * db)))[0] / (2 * step)
        for da, db in tangents
    ]
    volume = np.linalg.svd(np.stack(columns, -1))[1].prod()
    assert np.isclose(log_posterior(a, b)[0], -np.log(volume), atol=1e-5)


@each_seed()
def test_the_posterior_does_not_see_scale(seed: int) -> None:
    first, second = (value.numpy() for value in kernels(seed, (4, 3), 5).values())
    assert np.allclose(log_posterior(first, second), log_posterior(-3 * first, 0.1 * second), atol=1e-10)


@pytest.mark.parametrize("lengths", [(3, 2), (5, 3)])
def test_posterior_probabilities_are_how_often_a_solution_is_the_truth(lengths: tuple[int, int]) -> None:
    drawn_taps = kernels(1, lengths, 1500)
    excess, variance = 0.0, 0.0
    for k1, k2 in zip(drawn_taps["k1"].numpy(), drawn_taps["k2"].numpy(), strict=True):
        first, second = enumerate_solutions(np.convolve(k1, k2), lengths)
        weights = log_posterior(first, second)
        probability = np.exp(weights - weights.max())
        probability /= probability.sum()
        true = np.abs(first @ unit(k1)).argmax()
        score_of_truth = weights - (probability * weights).sum()
        excess += score_of_truth[true]
        variance += (probability * score_of_truth**2).sum()
    assert abs(excess) < 4 * np.sqrt(variance)


@each_seed()
def test_the_complement_is_an_orthonormal_basis(seed: int) -> None:
    direction = unit(kernels(seed, (6,), 4)["k1"].numpy())
    direction[0] = np.eye(6)[0]
    direction[1] = -np.eye(6)[0]
    basis = complement(direction)
    assert np.allclose(basis.swapaxes(1, 2) @ basis, np.eye(5), atol=1e-13)
    assert np.allclose(basis.swapaxes(1, 2) @ direction[:, :, None], 0, atol=1e-13)

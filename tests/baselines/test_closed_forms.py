"""Closed forms find what is identifiable: common divisors, common matrices, independent sources."""

from __future__ import annotations

import numpy as np
import pytest
from draws import each_seed, kernels
from fits import errors
from indmech_baselines.approximate_gcd import common_divisor
from indmech_baselines.joint_diagonalisation import diagonalised
from scipy.linalg import convolution_matrix


@each_seed(15)
def test_a_common_divisor_is_found(seed: int) -> None:
    *own, shared = (value.numpy() for value in kernels(seed, (5, 5, 5, 4)).values())
    *cofactors, divisor = common_divisor([np.convolve(one, shared) for one in own], 5, 4)
    for made, one in zip([*cofactors, divisor], [*own, shared], strict=True):
        assert abs(made @ one) / np.linalg.norm(made) / np.linalg.norm(one) > 1 - 1e-6
    assert np.allclose(convolution_matrix(shared, 5) @ own[0], np.convolve(shared, own[0]))


@each_seed(15)
def test_two_covariances_give_their_common_matrix(seed: int) -> None:
    generator = np.random.default_rng(seed)
    B, powers = generator.standard_normal((4, 4)), generator.uniform(0.5, 2, (3, 4))
    covariances = np.einsum("ij,ej,kj->eik", B, powers, B)
    *sources, made = diagonalised(covariances, np.eye(3)[:2])
    for source, covariance in zip(sources, covariances, strict=True):
        assert np.allclose(made @ np.diag(source**2) @ made.T, covariance, atol=1e-8 * np.linalg.cond(B) ** 2)


@pytest.mark.parametrize(
    ("method", "task"),
    [
        ("approximate-gcd", "environments-2"),
        ("approximate-gcd", "environments-2:observation=spectrum"),
        ("noise-aware-gcd", "environments-2"),
        ("joint-diagonalisation", "linear-environments"),
        ("joint-diagonalisation", "linear-environments-2"),
    ],
)
def test_a_closed_form_finds_what_is_identifiable(method: str, task: str) -> None:
    assert float(errors(method, task)["extrapolation_error"].median()) < 1e-6


@pytest.mark.parametrize("method", ["fast-ica", "picard", "picard:orthogonal=true"])
def test_independent_component_analysis_finds_sources_that_are_not_gaussian(method: str) -> None:
    for task in ("ica-hyperbolic-secant", "ica-laplace"):
        assert float(errors(method, task)["extrapolation_error"].median()) < 0.01
    assert float(errors(method, "ica-gaussian")["extrapolation_error"].median()) > 0.1

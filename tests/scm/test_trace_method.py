"""An oracle from outside: the trace method as it was published, and its null."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from draws import truth_of
from numpy.typing import NDArray

from indmech_bench.scm.genericity import ROTATIONS, rotation_pvalue
from indmech_bench.scm.interventions import orthogonalised
from indmech_bench.scm.models.linear import LinearCascade

Array = NDArray[np.float64]
SEEDS = range(40)


def trace_method(X: Array, Y: Array) -> float:
    """Delta_{X -> Y} = log tau_m(A Sigma A') - log tau_n(Sigma) - log tau_m(A A') of samples X (N, n), Y (N, m).

    A by least squares. Source: Zscheischler, Janzing, Zhang (UAI 2011), equation 4; written from the formula.
    """
    X, Y = X - X.mean(0), Y - Y.mean(0)
    sigma = X.T @ X / len(X)
    A = np.linalg.lstsq(X, Y, rcond=None)[0].T

    def tau(M: Array) -> float:
        return float(np.trace(M) / len(M))

    return float(np.log(tau(A @ sigma @ A.T)) - np.log(tau(sigma)) - np.log(tau(A @ A.T)))


def with_covariance(covariance: Array, random: np.random.Generator) -> Array:
    """Samples (200, d) whose mean is 0 and whose empirical covariance is exactly this one."""
    raw = random.standard_normal((200, len(covariance)))
    raw -= raw.mean(0)
    white = np.linalg.qr(raw)[0] * np.sqrt(len(raw))
    values, vectors = np.linalg.eigh(covariance)
    return white @ (vectors * np.sqrt(values)).T


def test_log_rho_is_the_published_trace_method_on_samples_of_exact_covariance() -> None:
    truth = truth_of("linear-gaussian-natural", SEEDS)
    A, B = (truth.parameters[name].numpy() for name in ("A", "B"))
    ours = truth.model.log_generic_ratio(truth.parameters).numpy()
    for r, random in enumerate(map(np.random.default_rng, SEEDS)):
        X = with_covariance(A[r] @ A[r].T, random)
        assert trace_method(X, X @ B[r].T) == pytest.approx(ours[r], abs=1e-12)


def test_pvalues_of_truths_with_haar_directions_are_uniform() -> None:
    truth = truth_of("linear-gaussian-natural", range(120))
    pvalues = rotation_pvalue(truth.parameters["A"], truth.parameters["B"])
    assert abs(float(pvalues.mean()) - 0.5) < 4 * (1 / 12 / 120) ** 0.5
    assert abs(float((pvalues < 0.1).double().mean()) - 0.1) < 4 * (0.09 / 120) ** 0.5


def test_pvalues_do_not_depend_on_coordinates_or_scale_beyond_the_finite_null() -> None:
    truth = truth_of("linear-gaussian-natural", range(20))
    A, B = truth.parameters["A"], truth.parameters["B"]
    Q = orthogonalised(torch.from_numpy(np.random.default_rng(5).standard_normal((20, 16, 16))))
    plain, turned = rotation_pvalue(A, B), rotation_pvalue(Q @ (3 * A), B @ Q.mT / 7)
    assert float((plain - turned).abs().max()) < 6 * (0.25 / ROTATIONS) ** 0.5
    assert torch.equal(rotation_pvalue(A @ Q, 2 * B), plain)


def test_aligned_directions_are_not_generic_and_white_input_is() -> None:
    spread = torch.linspace(0.2, 3.0, 16, dtype=torch.float64).diag()[None]
    white = torch.eye(16, dtype=torch.float64)[None]
    assert float(rotation_pvalue(spread, spread)) == pytest.approx(1 / (1 + ROTATIONS))
    assert float(rotation_pvalue(white, spread)) == 1.0
    assert bool(rotation_pvalue(white * torch.nan, spread).isnan().all())


def test_a_rotated_truth_has_the_ratio_that_the_null_is_made_of() -> None:
    truth = truth_of("linear-gaussian-natural", range(4))
    model, parameters = LinearCascade(16), truth.parameters
    g = truth.family.scored[3]
    rotated = {**parameters, "A": g.matrices @ parameters["A"]}  # type: ignore[union-attr]
    law = model.law(parameters, g)
    power = law.diagonal(dim1=-2, dim2=-1).mean(-1)
    expected = (power / model.generic_power(parameters)).log()
    assert torch.allclose(model.log_generic_ratio(rotated), expected, atol=1e-12)

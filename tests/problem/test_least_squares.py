"""Residuals, their Jacobian, and the linear algebra that steps are made of."""

from __future__ import annotations

import numpy as np
import torch
from draws import each_seed, kernels, problem_of

from indmech_bench.problem.least_squares import damped_solve, log_det_ridge


@each_seed()
def test_squared_residuals_sum_to_the_loss(seed: int) -> None:
    problem = problem_of("fir-natural", range(3))
    for lead in ((3,), (3, 4)):
        parameters = kernels(seed, (9, 5), *lead)
        residuals = problem.residuals(parameters)
        assert residuals.shape == (*lead, 66)
        assert torch.allclose(residuals.square().sum(-1), problem.loss(parameters), rtol=1e-13)


@each_seed(10)
def test_the_jacobian_is_that_of_finite_differences(seed: int) -> None:
    problem = problem_of("fir-natural", range(3))
    parameters = kernels(seed, (9, 5), 3, 2)
    jacobian = problem.jacobian(parameters)
    assert jacobian.shape == (3, 2, 66, 14)
    columns = [("k1", i) for i in range(9)] + [("k2", i) for i in range(5)]
    for column, (name, tap) in enumerate(columns):
        residuals = []
        for step in (1e-6, -1e-6):
            moved = {key: value.clone() for key, value in parameters.items()}
            moved[name][..., tap] += step
            residuals.append(problem.residuals(moved))
        assert torch.allclose(jacobian[..., column], (residuals[0] - residuals[1]) / 2e-6, atol=1e-8)


@each_seed(20)
def test_a_damped_solve_tends_to_least_squares(seed: int) -> None:
    generator = np.random.default_rng(seed)
    m, p = sorted(generator.integers(1, 12, 2), reverse=True)
    J, r = generator.standard_normal((3, m, p)), generator.standard_normal((3, m))
    made = damped_solve(torch.from_numpy(J), torch.from_numpy(r), 1e-14)
    for row in range(3):
        gradient = J[row].T @ (J[row] @ made[row].numpy() - r[row])
        assert np.abs(gradient).max() < 1e-9 * (1 + np.linalg.cond(J[row]) ** 2)


def test_a_damped_solve_keeps_a_nan_to_its_row() -> None:
    J, r = torch.randn(3, 6, 5, dtype=torch.float64), torch.randn(3, 6, dtype=torch.float64)
    clean = damped_solve(J, r, 1e-3)
    J[1, 0, 0] = torch.nan
    dirty = damped_solve(J, r, 1e-3)
    assert bool(dirty[1].isnan().all())
    assert torch.equal(dirty[[0, 2]], clean[[0, 2]])


@each_seed(20)
def test_a_ridged_log_determinant_is_that_of_either_side(seed: int) -> None:
    generator = np.random.default_rng(seed)
    m, p = generator.integers(1, 10, 2)
    J = generator.standard_normal((2, m, p))
    expected = [np.linalg.slogdet(np.eye(p) + one.T @ one / 0.1)[1] for one in J]
    assert np.allclose(log_det_ridge(torch.from_numpy(J), 0.1).numpy(), expected)

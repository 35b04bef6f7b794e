"""The error of parameters: the least over what no law shows, delays and signs and scales."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from cascades import MODELS, drawn_truth, near, other, padded
from draws import each_seed, kernels, truth_from
from torch import Tensor

from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.tasks.truth import Truth


def parameter_error(truth: Truth, parameters: dict[str, Tensor]) -> Tensor:
    return truth.model.parameter_error(parameters, truth.parameters, truth.phase)


def brute_parameter_error(truth: Truth, parameters: dict[str, Tensor]) -> np.ndarray:
    """Least over delays d of the first kernel, -d of the second, and both signs."""
    n = truth.model.n
    sides = []
    for side in (parameters, truth.parameters):
        taps = [np.pad(side[name].numpy(), ((0, 0), (0, n - side[name].shape[-1]))) for name in truth.model.names]
        sides.append([kernel / np.linalg.norm(kernel, axis=-1, keepdims=True) for kernel in taps])
    (a, b), (true_a, true_b) = sides
    tried = [
        (((p * np.roll(a, d, -1) - true_a) ** 2).sum(-1) + ((q * np.roll(b, -d, -1) - true_b) ** 2).sum(-1)) / 2
        for d, p, q in itertools.product(range(n), (1, -1), (1, -1))
    ]
    return np.sqrt(np.min(tried, axis=0))


@each_seed()
def test_parameter_error_is_the_least_over_opposite_delays_and_signs(seed: int) -> None:
    truth = drawn_truth(seed, MODELS[0])
    parameters = other(seed, truth)
    assert np.allclose(parameter_error(truth, parameters).numpy(), brute_parameter_error(truth, parameters), rtol=1e-9)


@each_seed()
def test_parameter_error_of_the_truth_is_zero(seed: int) -> None:
    truth = drawn_truth(seed, MODELS[0])
    assert float(parameter_error(truth, truth.parameters).max()) < 1e-14


@pytest.mark.parametrize(("first", "second"), [(1.0, -1.0), (-1.0, 1.0), (-3.0, -0.2)])
@each_seed(10)
def test_parameter_error_does_not_see_signs_and_scales(first: float, second: float, seed: int) -> None:
    truth = drawn_truth(seed, MODELS[0])
    parameters = near(seed, truth, 0.1)
    changed = {"k1": first * parameters["k1"], "k2": second * parameters["k2"]}
    assert torch.allclose(parameter_error(truth, changed), parameter_error(truth, parameters), rtol=1e-10)


@pytest.mark.parametrize("delay", [-3, -1, 2, 3])
@each_seed(10)
def test_parameter_error_does_not_see_opposite_delays(delay: int, seed: int) -> None:
    drawn = kernels(seed, (5, 4), 3)
    model = ConvolutionCascade((11, 10), 32)
    truth = truth_from(model, {name: padded(value, 3, 3) for name, value in drawn.items()})
    opposite = {"k1": truth.parameters["k1"].roll(delay, -1), "k2": truth.parameters["k2"].roll(-delay, -1)}
    together = {"k1": truth.parameters["k1"].roll(delay, -1), "k2": truth.parameters["k2"].roll(delay, -1)}
    assert float(parameter_error(truth, opposite).max()) < 1e-14
    assert float(parameter_error(truth, together).min()) > 1e-2

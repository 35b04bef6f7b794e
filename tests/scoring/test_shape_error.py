"""The error of shape, which scale does not enter."""

from __future__ import annotations

import torch
from cascades import drawn_truth, each_model, near, other
from draws import each_seed

from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scoring.references import of_parameters
from indmech_bench.scoring.scores import score


@each_model
@each_seed()
def test_shape_error_is_between_zero_and_one(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    for parameters in (truth.parameters, near(seed, truth, 0.1), other(seed, truth)):
        shape_error = score(truth, of_parameters(truth, parameters))["shape_error"]
        assert bool(((shape_error >= -1e-12) & (shape_error <= 1)).all())


@each_model
@each_seed()
def test_shape_error_does_not_see_scale(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    parameters = near(seed, truth, 0.2)
    scaled = model.rescale(parameters, torch.tensor([0.1, -3.0, 50.0], dtype=torch.float64))
    before, after = (score(truth, of_parameters(truth, p)) for p in (parameters, scaled))
    assert torch.allclose(before["shape_error"], after["shape_error"], rtol=1e-9, atol=1e-11)
    assert not torch.allclose(before["extrapolation_error"], after["extrapolation_error"])


@each_model
@each_seed()
def test_the_truth_in_another_scale_has_no_shape_error(model: ConvolutionCascade, seed: int) -> None:
    truth = drawn_truth(seed, model)
    scaled = model.rescale(truth.parameters, torch.tensor([0.1, -3.0, 50.0], dtype=torch.float64))
    metrics = score(truth, of_parameters(truth, scaled))
    assert float(metrics["shape_error"].abs().max()) < 1e-12
    assert float(metrics["extrapolation_error"].min()) > 0.1

"""Images of layouts and shapes: what push-forward does, and that fit, rho and errors are what their formulas say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from draws import problem_of, truth_of
from torch import Tensor

from indmech_bench import FacesModel, PushForward, UnsupportedError, autocorrelation
from indmech_bench.scm import genericity
from indmech_bench.scm.images.convolving import convolved, energy, target_of
from indmech_bench.scm.images.pushing import pushed, resized
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scoring.references import oracle
from indmech_bench.scoring.scores import score


def normals(seed: int, *shape: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def spike(y: int, x: int) -> Tensor:
    image = torch.zeros(32, 32, dtype=torch.float64)
    image[y, x] = 1.0
    return image


def test_a_spike_goes_to_its_place_times_the_scale_and_stays_one() -> None:
    assert torch.equal(pushed(spike(20, 12), PushForward("layout", 1.5)), spike(20, 10))
    assert torch.equal(pushed(spike(20, 12), PushForward("shape", 2.0, 2.0)), spike(24, 8))
    split = pushed(spike(20, 13), PushForward("layout", 1.5))
    assert torch.equal(split, (spike(20, 11) + spike(20, 12)) / 2)


def test_pushing_keeps_mass_and_resizing_does_not() -> None:
    image = torch.zeros(32, 32, dtype=torch.float64)
    image[10:22, 10:22] = normals(0, 12, 12)
    for scale in (0.75, 1.25):
        g = PushForward("layout", scale)
        assert float(pushed(image, g).sum()) == pytest.approx(float(image.sum()), rel=1e-12)
        smooth = torch.outer(*[torch.exp(-((torch.arange(32) - 16.0) ** 2) / 18).double()] * 2)
        assert float(resized(smooth, g).sum()) == pytest.approx(scale * float(smooth.sum()), rel=1e-2)


def test_no_stretch_changes_no_bit() -> None:
    image = normals(1, 3, 32, 32)
    for change in (pushed, resized):
        assert torch.equal(change(image, PushForward("layout", 1.0)), image)


@pytest.mark.parametrize("size", [5, 8])
def test_the_energy_of_a_difference_and_its_gradient(size: int) -> None:
    layout, shape, images = normals(2, 2, 4, 3, 32, 32), normals(3, 2, 3, size, size), normals(4, 2, 4, 3, 32, 32)
    leaves = [value.requires_grad_() for value in (layout, shape)]
    found = energy(layout, shape, target_of(images, size, size))
    expected = (convolved(layout, shape) - images).square().sum((-2, -1)).sum(1)
    assert torch.allclose(found, expected, rtol=1e-12)
    weights = normals(5, 2, 3)
    for one, other in zip(
        torch.autograd.grad((found * weights).sum(), leaves),
        torch.autograd.grad((expected * weights).sum(), leaves),
        strict=True,
    ):
        assert torch.allclose(one, other, rtol=1e-10, atol=1e-9)


def test_rho_is_the_sum_over_circular_autocorrelations() -> None:
    """1 + sum_{d != 0} R_1(d) R_2(d) / (R_1(0) R_2(0)), the layouts' averaged over faces."""
    model = FacesModel(faces=3, size=7)
    parameters = {name: normals(6, 2, *shape) for name, shape in model.shapes.items()}
    R2 = autocorrelation(parameters["shape"], (6, 6))
    around = range(-6, 7)
    layout = parameters["layout"]
    R1 = torch.stack([
        torch.stack([(torch.roll(layout, (-y, -x), (-2, -1)) * layout).sum((-2, -1)).sum(1) for x in around], -1)
        for y in around
    ], -2)  # fmt: skip
    expected = (R1 * R2).sum((-2, -1)) / (R1[..., 6, 6] * R2[..., 6, 6])
    assert torch.allclose(model.log_generic_ratios(parameters), expected.log(), rtol=1e-9, atol=1e-12)


def test_a_shape_that_is_a_spike_is_generic() -> None:
    model = FacesModel(faces=3, size=7)
    shape = torch.zeros(2, 3, 7, 7, dtype=torch.float64)
    shape[..., 2, 4] = 0.3
    ratios = model.log_generic_ratios({"layout": normals(7, 2, *model.shapes["layout"]), "shape": shape})
    assert float(ratios.abs().max()) < 1e-12


def test_the_table_of_a_softplus_layout_gives_it_back_zeros_too() -> None:
    model = FacesModel(faces=1, size=7, positive=True)
    layout = normals(8, 1, *model.shapes["layout"]).clamp_min(0)
    again = model.layout({"layout": model.table(layout)})
    assert torch.allclose(again, layout, rtol=1e-8)
    assert torch.equal(again == 0, layout == 0)


def test_delays_and_signs_of_a_part_are_no_error_of_its_mechanisms() -> None:
    truth = truth_of("toy-faces", range(2))
    layout, shape = truth.parameters["layout"], truth.parameters["shape"]
    moved = {"layout": -2 * torch.roll(layout, (1, -1), (-2, -1)), "shape": -torch.roll(shape, (-1, 1), (-2, -1)) / 2}
    assert float(truth.model.parameter_error(moved, truth.parameters, True).max()) < 1e-6
    other = {"layout": layout, "shape": normals(9, *shape.shape)}
    assert float(truth.model.parameter_error(other, truth.parameters, True).min()) > 0.3


def test_images_have_no_jacobian_and_no_residuals() -> None:
    problem = problem_of("toy-faces-single", [0])
    for ask in (problem.jacobian, problem.residuals):
        with pytest.raises(UnsupportedError):
            ask(problem.start())


def test_scoring_draws_no_null_of_images() -> None:
    before = genericity.prior_null.cache_info().currsize
    truth, problem = truth_of("toy-faces-single", [0]), problem_of("toy-faces-single", [0])
    assert "ratio_pvalue" not in score(truth, oracle(problem, truth))
    assert genericity.prior_null.cache_info().currsize == before


def test_a_null_drawn_in_blocks_is_the_same_null(monkeypatch: pytest.MonkeyPatch) -> None:
    model = ConvolutionCascade((9, 5), 64)
    whole = genericity.prior_null.__wrapped__(model).log_ratios
    monkeypatch.setattr(genericity, "NULL_BLOCK", 14 * 3_000)
    assert torch.equal(genericity.prior_null.__wrapped__(model).log_ratios, whole)

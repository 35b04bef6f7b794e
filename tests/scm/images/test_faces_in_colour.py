"""Faces in colour: hues, which part is which, and what intervening on colours does."""

from __future__ import annotations

import pytest
import torch
from draws import truth_of
from torch import Tensor

from indmech_bench.scm.images.colours import SEEN_HUES, colour_of, hue_of, recoloured, repainted
from indmech_bench.scm.images.fluo import FluoModel
from indmech_bench.scm.interventions import PushForward, Recolour, recolourings

IDENTITY = recolourings().identity


@pytest.fixture(scope="module")
def faces() -> tuple[FluoModel, dict[str, Tensor]]:
    truth = truth_of("fluo-faces:faces=6", range(2))
    assert isinstance(truth.model, FluoModel)
    return truth.model, truth.parameters


def test_hues_are_those_of_their_colours() -> None:
    primaries = torch.tensor([0.0, 60.0, 120.0, 180.0, 240.0, 300.0])
    assert torch.allclose(hue_of(colour_of(primaries)), primaries, atol=1e-3)
    assert torch.allclose(colour_of(torch.tensor([0.0, 120.0, 240.0])), torch.eye(3))
    assert torch.allclose(colour_of(torch.linspace(0, 360, 50)).norm(dim=-1), torch.ones(50))


def test_another_hue_keeps_brightness_and_turns_a_negative_with_its_colour() -> None:
    colour = torch.tensor([[0.3, 0.1, 0.8]], dtype=torch.float64)
    green = recoloured(colour, 120.0)
    assert torch.allclose(green, colour.norm() * torch.tensor([[0.0, 1.0, 0.0]], dtype=torch.float64))
    assert torch.equal(recoloured(-colour, 120.0), -green)


def test_no_training_image_has_a_part_in_a_hue_that_is_scored(faces: tuple[FluoModel, dict[str, Tensor]]) -> None:
    hues = hue_of(faces[1]["colour"])
    for part, ranges in enumerate(SEEN_HUES):
        seen = [torch.remainder(hues[..., part] - low, 360) <= high - low + 1e-6 for low, high in ranges]
        assert bool(torch.stack(seen).any(0).all())
    scored = [g.hue for g in recolourings().scored if isinstance(g, Recolour)]
    assert all(90 < hue < 210 for hue in scored)
    assert all(not 90 < hue % 360 < 210 for ranges in SEEN_HUES for ends in ranges for hue in ends)


def test_the_uppermost_part_alone_takes_the_hue(faces: tuple[FluoModel, dict[str, Tensor]]) -> None:
    model, parameters = faces
    colour = parameters["colour"].clone()
    colour[:, :, 0] = recoloured(colour[:, :, 0], 150.0)
    expected = model.images({**parameters, "colour": colour})
    assert torch.allclose(model.law(parameters, Recolour(0, 150.0)), expected, rtol=1e-12)


def test_laws_do_not_depend_on_names_scales_and_signs_of_parts(faces: tuple[FluoModel, dict[str, Tensor]]) -> None:
    model, parameters = faces
    order = torch.tensor([2, 0, 1])
    same = {
        "layout": parameters["layout"][:, :, order],
        "shape": -2 * parameters["shape"][:, order],
        "colour": -parameters["colour"][:, :, order] / 2,
    }
    for g in (IDENTITY, *recolourings().scored, PushForward("layout", 1.5)):
        assert torch.allclose(model.law(same, g), model.law(parameters, g), rtol=1e-9, atol=1e-12)
    assert torch.allclose(model.log_generic_ratio(same), model.log_generic_ratio(parameters), rtol=1e-9)
    assert float(model.parameter_error(parameters, parameters, True).max()) < 1e-6


def test_colours_of_one_brightness_on_parts_apart_are_generic(faces: tuple[FluoModel, dict[str, Tensor]]) -> None:
    model, parameters = faces
    unit = {**parameters, "colour": parameters["colour"] / parameters["colour"].norm(dim=-1, keepdim=True)}
    layout = torch.full_like(parameters["layout"], -100.0)
    for part, row in enumerate((2, 8, 14)):
        layout[:, :, part, row, 8] = 1.0
    shape = torch.zeros_like(parameters["shape"])
    shape[:, :, 3, 3] = 1.0
    ratios = model.log_generic_ratios({**unit, "layout": layout, "shape": shape})
    assert float(ratios.abs().max()) < 1e-12


def test_pixels_of_other_hues_and_black_ones_stay() -> None:
    image = torch.zeros(3, 2, 2, dtype=torch.float64)
    image[:, 0, 0] = colour_of(torch.tensor(0.0, dtype=torch.float64))
    image[:, 0, 1] = colour_of(torch.tensor(60.0, dtype=torch.float64))
    edited = repainted(image, 150.0, SEEN_HUES[0])
    assert float(hue_of(edited[:, 0, 0])) == pytest.approx(150)
    assert torch.equal(edited[:, :, 1], image[:, :, 1])
    assert torch.equal(edited[:, 1, 0], image[:, 1, 0])

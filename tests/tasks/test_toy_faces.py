"""Toy faces: settings, kinds of shapes, and which of them are independent by geometry."""

from __future__ import annotations

import pytest
import torch
from draws import problem_of, task_and_streams, truth_of

from indmech_bench import InputError
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import get_task


@pytest.mark.parametrize("kind", ["white", "smooth", "digit"])
@pytest.mark.parametrize("size", [5, 9])
def test_shapes_are_of_their_kind_and_one_scale(kind: str, size: int) -> None:
    shapes = truth_of(f"toy-faces:kind={kind},size={size}", range(3)).parameters["shape"]
    assert shapes.shape == (3, 3, size + 2, size + 2)
    norms = shapes.flatten(2).norm(dim=-1)
    assert torch.allclose(norms, norms[:, :1].expand_as(norms), rtol=1e-12)
    assert bool((shapes >= 0).all()) == (kind == "digit")
    assert bool((shapes[..., 0, :] == 0).all())


def test_spikes_at_least_a_shape_apart_are_independent_by_geometry_and_controls() -> None:
    catalogue = Catalogue.read()
    for text, by_geometry in (
        ("toy-faces", True),
        ("toy-faces-single", True),
        ("toy-faces-headline", False),
        ("toy-faces-apart", True),
    ):
        truth = truth_of(text, range(6))
        ratios = truth.model.log_generic_ratios(truth.parameters).abs()
        assert (float(ratios.max()) < 1e-12) == by_geometry
        entry = catalogue.find("task", text)
        assert entry.is_control(entry.defaults) == by_geometry


def test_the_activation_changes_no_image() -> None:
    _, streams = task_and_streams("toy-faces:size=9", "truth", [0])
    linear, positive = (get_task(f"toy-faces:size=9,activation={word}") for word in ("linear", "softplus"))
    images = [each.model.images(each.sample(streams)) for each in (linear, positive)]
    assert torch.allclose(*images, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("wrong", ["kind=wite", "activation=relu", "size=7", "faces=0"])
def test_a_wrong_setting_is_said(wrong: str) -> None:
    with pytest.raises(InputError, match=wrong.partition("=")[0]):
        get_task(f"toy-faces:{wrong}").check()


def test_a_start_has_the_scale_that_is_asked_for() -> None:
    one, three = (problem_of(f"toy-faces-single:start={scale}", [0]) for scale in (1, 3))
    ratio = three.start()["layout"].std() / one.start()["layout"].std()
    assert float(ratio) == pytest.approx(3, rel=0.1)
    assert float(one.start()["layout"].std()) == pytest.approx(1 / 32, rel=0.1)

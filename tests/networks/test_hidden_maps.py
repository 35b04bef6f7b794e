"""Interventions on hidden maps, and what is measured of what they make."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from nets import small_generator
from torch import Tensor, nn

from indmech_bench import InputError, grid, scale_channel, shift, stretch, swap
from indmech_bench.cli.app import app
from indmech_bench.networks import sources
from indmech_bench.networks.hidden.enforcing import AIMS, Enforced, enforced
from indmech_bench.networks.hidden.hidden_maps import OUTPUT, levels_of, stretched
from indmech_bench.networks.hidden.stretch_columns import enforced_document
from indmech_bench.networks.hidden.stretching import FIGURES, StretchedLevel, measured_levels, save_grid
from indmech_bench.scm.generators.canvas import amid_canvas
from indmech_bench.scm.generators.measures import (
    coarse_distance,
    halves,
    patch_distance,
    relative_error,
    sharpness,
)
from indmech_bench.tasks.generators.dcgan import DCGAN, LATENTS

LEVELS = ("main.3", "main.6", "main.9", OUTPUT)


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)


@pytest.mark.parametrize("level", LEVELS)
def test_a_stretch_by_one_changes_nothing_and_a_wider_one_the_width_alone(level: str) -> None:
    module, latents = small_generator()
    plain = module(latents)
    assert torch.allclose(stretch(module, level, 1.0)(latents), plain, atol=1e-6)
    for how in ("interpolate", "push-forward"):
        assert stretch(module, level, 1.5, how)(latents).shape == (6, 3, 32, 48)  # type: ignore[arg-type]
    assert torch.equal(module(latents), plain)


def test_a_push_forward_keeps_the_mass_and_moves_it_in_proportion() -> None:
    spike = torch.zeros(1, 1, 1, 8, dtype=torch.float64)
    spike[..., 6] = 2.0
    moved = stretched(spike, 2.0, "push-forward")[0, 0, 0]
    places = torch.arange(16) + 0.5 - 8
    assert float(moved.sum()) == pytest.approx(2.0)
    assert float((moved * places).sum() / 2.0) == pytest.approx(2 * (6.5 - 4))
    maps = noise(2, 3, 4, 8)
    assert torch.allclose(stretched(maps, 1.5, "push-forward").sum(-1), maps.sum(-1))


def test_maps_are_shifted_scaled_and_exchanged() -> None:
    module, latents = small_generator()
    plain, seen = module(latents), {}
    hook = module.get_submodule("main.6").register_forward_pre_hook(lambda _, given: seen.update(maps=given[0]))
    module(latents)
    hook.remove()
    maps, after = seen["maps"], module.main[6:]  # type: ignore[index]
    assert torch.equal(shift(module, "main.6", 2, 1)(latents), after(maps.roll((1, 2), (-2, -1))))
    off, hybrid = maps.clone(), maps.clone()
    off[:, 4] = 0
    assert torch.equal(scale_channel(module, "main.6", 4, 0.0)(latents), after(off))
    hybrid[:, [1, 3]] = maps[[1, 2, 3, 4, 5, 0]][:, [1, 3]]
    assert torch.equal(swap(module, "main.6", [1, 3])(latents), after(hybrid))
    assert not torch.allclose(swap(module, "main.6", [1, 3])(latents), plain)


def test_levels_are_those_with_columns_to_stretch() -> None:
    module, latents = small_generator()
    assert levels_of(module, (latents,)) == {"main.3": (4, 4), "main.6": (8, 8), "main.9": (16, 16)}


def test_a_wrong_intervention_is_one_sentence() -> None:
    module, latents = small_generator()
    for made, sentence in (
        (lambda: stretch(module, "main.33", 1.5), "did you mean 'main.3'"),
        (lambda: stretch(module, OUTPUT, 1.5, "pull"), "unknown way to stretch 'pull'"),  # type: ignore[arg-type]
        (lambda: stretch(module, OUTPUT, -1.0), "factor -1"),
        (lambda: scale_channel(module, "main.3", 99, 0.0)(latents), "cannot go on from changed maps at 'main.3'"),
    ):
        with pytest.raises(InputError, match=sentence) as raised:
            made()
        assert "\n" not in str(raised.value)
    fixed = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Conv2d(2, 2, 3), nn.Flatten(), nn.Linear(2 * 16, 1))
    with pytest.raises(InputError, match="cannot go on from changed maps at '2'"):
        stretch(fixed, "2", 1.5)(noise(1, 3, 8, 8).float())


def test_measures_are_nought_of_what_is_the_same_and_one_of_no_stretch() -> None:
    images = noise(8, 3, 32, 32)
    wide = stretched(images, 1.5, "interpolate")
    still = amid_canvas(images, 48)
    assert coarse_distance(wide, wide, still) == 0
    assert coarse_distance(still, wide, still) == 1
    assert patch_distance(images, images) < 1e-6
    assert patch_distance(*halves(images)) < 0.2 < patch_distance(3 * images, images)
    assert sharpness(images, images) == 1
    assert sharpness(wide, images) < 0.9
    assert relative_error(images, images) == 0
    assert torch.equal(amid_canvas(wide, 32), wide[..., 8:40])


def test_the_pixels_of_measured_levels_are_the_pixel_stretch() -> None:
    module, latents = small_generator()
    lines = measured_levels(module, (latents,), 1.5)
    assert [line.level for line in lines] == [*LEVELS]
    assert [line.size for line in lines] == ["4x4", "8x8", "16x16", "32x32"]
    assert lines[-1].coarse_distance == 0
    assert lines[0].coarse_distance > lines[2].coarse_distance > 0


@pytest.mark.parametrize(
    ("factor", "samples", "sentence"),
    [(0.1, 6, "8 x 8 pixels or more, stretched too"), (1.5, 1, "two pictures or more")],
)
def test_what_is_too_small_to_measure_is_said(factor: float, samples: int, sentence: str) -> None:
    module, latents = small_generator()
    with pytest.raises(InputError, match=sentence):
        measured_levels(module, (latents[:samples],), factor)
    with pytest.raises(InputError, match="need pictures"):
        measured_levels(nn.Conv2d(5, 2, 1), (latents,), factor)
    with pytest.raises(InputError, match="cannot be run on this input"):
        grid(module, latents[:, :2])


def test_a_grid_has_a_row_a_level(tmp_path: Path) -> None:
    module, latents = small_generator()
    figure = grid(module, latents, columns=3)
    assert [axes.get_ylabel() for axes in figure.axes] == ["unstretched", "4x4", "8x8", "16x16", "pixels"]
    strip = figure.axes[-1].images[0].get_array()
    assert strip is not None
    assert strip.shape == (32, 3 * 50 - 2, 3)
    path = tmp_path / "grid.png"
    save_grid(path, module, (latents,), factor=1.5, how="interpolate", columns=3)
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match=rf"must end with {FIGURES[0]}"):
        save_grid(tmp_path / "grid.bmp", module, (latents,), factor=1.5, how="interpolate", columns=3)


def test_enforcing_moves_rho_where_it_is_told_to_and_leaves_the_network_alone() -> None:
    module, _ = small_generator()
    with torch.no_grad():  # a network whose kernels are smooth, as those of trained ones are
        for layer in module.main:
            if isinstance(layer, nn.ConvTranspose2d):
                layer.weight.add_(layer.weight.mean((-2, -1), keepdim=True), alpha=2.0)
    before = {name: value.clone() for name, value in module.state_dict().items()}

    def draw(stream: str, count: int) -> Tensor:
        seed = sum(map(ord, stream))
        return torch.randn(count, 5, 1, 1, generator=torch.Generator().manual_seed(seed))

    lines = {line.aim: line for line in enforced(module, draw, steps=15, batch=2, held_out=4, learning_rate=5e-3)}
    assert tuple(lines) == ("as trained", *AIMS)
    assert lines["as trained"].fit == 0
    assert lines["rho = 1"].rms_log_rho < 0.5 * lines["as trained"].rms_log_rho < lines["log rho doubled"].rms_log_rho
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_trainings_differ_in_their_batches_alone_and_the_first_is_the_one_of_before() -> None:
    module, _ = small_generator()
    asked: list[str] = []

    def draw(stream: str, count: int) -> Tensor:
        asked.append(stream)
        seed = sum(map(ord, stream))
        return torch.randn(count, 5, 1, 1, generator=torch.Generator().manual_seed(seed))

    few: dict[str, Any] = {"steps": 2, "batch": 2, "held_out": 4, "aims": AIMS[:1]}
    before = enforced(module, draw, **few)
    asked.clear()
    as_trained, first, second = enforced(module, draw, trainings=2, **few)
    assert [as_trained, first] == before
    assert asked == ["held out", "step 0", "step 1", "training 2, step 0", "training 2, step 1"]
    assert (second.aim, second.training) == (first.aim, 2)
    assert second.fit != first.fit


def lines_of(*fits: float) -> list[Enforced]:
    level = StretchedLevel("main.3", "4x4", 0.3, 0.02, 0.01, 0.7)
    measured = replace(level, level=OUTPUT, size="8x8")
    found = [Enforced("as trained", 0.0, 0.1, 0.2, (level, measured))]
    return found + [Enforced("rho = 1", fit, 0.0, 0.0, (level, measured), t + 1) for t, fit in enumerate(fits)]


def test_several_trainings_are_shown_by_their_median_and_range() -> None:
    document = enforced_document("faces", lines_of(0.04, 0.01, 0.02))
    assert document.notes[0].startswith("of 3 trainings, each on latents of its own: median [least, largest]")
    table = document.sections[0].tables[0]
    assert table.head == ["aim", "fit", "log rho", "rms", "coarse 4x4", "patch 4x4"]
    fits = [line[1] for line in table.cells]
    assert fits == ["0.000", "0.020 [0.010, 0.040]"]
    as_trained, trained = table.records
    assert (trained["fit"], trained["fit_low"], trained["fit_high"]) == (0.02, 0.01, 0.04)
    assert (trained["coarse_distance:4x4"], trained["coarse_distance_low:4x4"]) == (0.3, 0.3)
    assert (as_trained["fit"], as_trained["fit_low"]) == (0.0, None)


def test_one_training_is_shown_without_a_range() -> None:
    document = enforced_document("faces", lines_of(0.04))
    table = document.sections[0].tables[0]
    assert [line[1] for line in table.cells] == ["0.000", "0.040"]
    assert "fit_low" not in table.fields
    assert not any("median" in note for note in document.notes)


def test_the_verb_repeats_trainings_of_a_generator(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = DCGAN((LATENTS, 6, 5, 3)).eval()
    monkeypatch.setattr(sources, "trained_generator", lambda name: network)
    asked = ["enforce", "--wheel", "faces", "--steps", "1", "--batch", "2", "--trainings", "2", "--format", "md"]
    assert app(asked, standalone_mode=False) in (0, None)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert [line.count(" [") for line in lines[2:]] == [0, 7, 7, 7]


def test_nothing_can_be_enforced_on_one_layer() -> None:
    with pytest.raises(InputError, match="nothing to enforce"):
        enforced(nn.Conv2d(3, 3, 3), lambda stream, count: noise(count, 3, 8, 8))

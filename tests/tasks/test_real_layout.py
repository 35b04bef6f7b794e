"""Real mechanisms as truths: with a network that stands in for the trained one, and without any."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import Cli, make_job
from draws import problem_of, task_and_streams, truth_of
from torch.nn.functional import conv_transpose2d

from indmech_bench import InputError
from indmech_bench.cli.catalogue.descriptions import describe_text
from indmech_bench.harness.external.exporting import export_observations, export_truths
from indmech_bench.harness.job import execute
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import get_task
from indmech_bench.scm.images.strided import StridedFacesModel
from indmech_bench.scoring.references import of_parameters
from indmech_bench.scoring.scores import score
from indmech_bench.tasks.generators import dcgan, wheels
from indmech_bench.tasks.images import real_layout
from indmech_bench.testing import assert_passed, check_method

NAMES = ("real-layout", "real-layout-8", "real-layout-strided")


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[dcgan.DCGAN]:
    """A seeded network in place of the trained one."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        network = dcgan.DCGAN((dcgan.LATENTS, 12, 10, 8, 6, 3)).requires_grad_(False)
        network(torch.randn(32, dcgan.LATENTS, 1, 1))
    network.eval()
    monkeypatch.setattr(real_layout, "trained_generator", lambda name: network)
    real_layout._mechanisms.cache_clear()
    yield network
    real_layout._mechanisms.cache_clear()


@pytest.fixture
def nothing_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A machine that has no wheel."""
    monkeypatch.setenv(wheels.PLACE, str(tmp_path))
    for kept in (dcgan.trained_generator, real_layout._mechanisms):
        kept.cache_clear()
    yield
    for kept in (dcgan.trained_generator, real_layout._mechanisms):
        kept.cache_clear()


@pytest.mark.parametrize("name", NAMES)
def test_layouts_are_activations_and_shapes_are_the_kernels_that_take_them(
    name: str, stand_in: dcgan.DCGAN, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = truth_of(f"{name}:faces=3", [5])
    size = truth.model.n
    seen: list[torch.Tensor] = []
    place = real_layout.LEVELS[size]
    hook = stand_in.main[place - 1].register_forward_hook(lambda *given: seen.append(given[-1].double()))
    task, streams = task_and_streams(f"{name}:faces=3", "truth", [5])
    task.sample(streams)
    hook.remove()
    (maps,) = seen
    layout, weight = truth.parameters["layout"][0], stand_in.main[place].weight.double()
    for part in range(3):
        alike = [
            torch.allclose(layout[:, part] / layout[:, part].norm(), m / m.norm()) for m in maps.unbind(1) if m.any()
        ]
        assert sum(alike) == 1
    taps = truth.parameters["shape"][0][..., 1:5, 1:5].flatten(0, -3)
    for kernel in taps:
        cosines = torch.nn.functional.cosine_similarity(kernel.flatten(), weight.flatten(0, 1).flatten(1), dim=-1)
        assert float(cosines.max()) == pytest.approx(1)


def test_strided_images_are_those_of_a_transposed_convolution(stand_in: dcgan.DCGAN) -> None:
    truth = truth_of("real-layout-strided:faces=2", [1])
    model = truth.model
    assert isinstance(model, StridedFacesModel)
    images = model.images(truth.parameters)[0].unflatten(1, (3, 3))
    layout, shape = (truth.parameters[key][0] for key in ("layout", "shape"))
    for part in range(3):
        plain = model.gain * conv_transpose2d(layout[:, [part]], shape[[part]], stride=2)
        # both keep the inside; its edges are wrapped round in one of them
        inside = plain[..., 3:-3, 3:-3]
        assert torch.allclose(images[:, part, :, : inside.shape[-2], : inside.shape[-1]], inside)


@pytest.mark.parametrize("name", NAMES)
def test_the_truth_is_right_and_no_intervention_is_not(name: str, stand_in: dcgan.DCGAN) -> None:
    truth = truth_of(f"{name}:faces=3", range(2))
    found = score(truth, of_parameters(truth, truth.parameters))
    assert float(found["extrapolation_error"].max()) == 0
    assert float(found["parameter_error"].max()) < 1e-6
    power = truth.model.geometry.power(truth.model.law(truth.parameters, truth.family.identity))
    assert torch.allclose(power, torch.ones_like(power))


def test_a_delay_between_layout_and_shape_is_no_error(stand_in: dcgan.DCGAN) -> None:
    truth = truth_of("real-layout-strided:faces=2", [0])
    layout, shape = truth.parameters["layout"], torch.zeros_like(truth.parameters["shape"])
    shape[..., 1:3, :] = truth.parameters["shape"][..., 1:3, :]  # two rows, so that they can move by two
    true = {"layout": layout, "shape": shape}
    by_two = {"layout": layout.roll(-1, -2), "shape": shape.roll(2, -2)}
    assert float(truth.model.parameter_error(by_two, true, True)) < 1e-6
    # by one pixel no delay of the layout undoes it
    assert float(truth.model.parameter_error({"layout": layout, "shape": shape.roll(1, -2)}, true, True)) > 0.1


def test_the_start_scale_is_the_setting(stand_in: dcgan.DCGAN) -> None:
    one, three = (problem_of(f"real-layout-8:start={scale}", [0]).start()["layout"].std() for scale in (1, 3))
    assert float(three / one) == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize("wrong", ["size=12", "architecture=stride", "faces=0"])
def test_a_wrong_setting_is_said(wrong: str) -> None:
    with pytest.raises(InputError, match=wrong.partition("=")[0]):
        get_task(f"real-layout:{wrong}").check()


def test_exported_truths_give_the_pictures_as_the_page_says(
    stand_in: dcgan.DCGAN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    export_truths("real-layout", "truths.npz", seeds="2")
    page = (Path(__file__).parents[2] / "docs" / "networks.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```py\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(block, "networks.md", "exec"), names)
    (shown,) = problem_of("real-layout", [1], salt="").observations
    assert np.allclose(names["pictures"], shown.numpy(), atol=1e-10)


@pytest.mark.usefixtures("nothing_fetched")
def test_without_the_wheel_the_task_is_skipped_by_its_checks_and_no_truth_is_exported(cli: Cli, tmp_path: Path) -> None:
    checked = cli("check-task", "real-layout")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.splitlines() == [
        "real-layout",
        "ok    members",
        "–     the task is skipped: the trained generator 'faces' is not on this machine: run indmech-bench generators",
        "1 check, 0 failed; real-layout skipped",
    ]
    (section,) = json.loads(cli("check-task", "real-layout", "--format", "json").stdout)["sections"]
    (record,) = [row for row in section["rows"] if row["skipped"]]
    exported = cli("export-truths", "real-layout", "truths.npz", "--seeds", "2")
    assert exported.returncode == 2
    assert exported.stderr == f"indmech-bench: {record['seen']}.\n"
    assert not (tmp_path / "truths.npz").exists()


@pytest.mark.usefixtures("nothing_fetched")
def test_without_the_wheel_a_method_is_checked_on_the_other_tasks() -> None:
    findings = check_method("sgd", tasks=["real-layout", "fir-natural"], checks=["runs"])
    assert_passed(findings)
    (alone,) = check_method("sgd", tasks=["real-layout"], checks=["runs"])
    assert "skips every task: the trained generator 'faces' is not on this machine" in alone.seen


@pytest.mark.usefixtures("nothing_fetched")
def test_without_the_wheel_rows_are_skipped_with_a_sentence_and_the_task_is_described(tmp_path: Path) -> None:
    reply = execute(make_job("adam", [0, 1], "real-layout"))
    assert "outcomes" not in reply
    assert reply["failure"] == "skipped"
    assert "run indmech-bench generators" in reply["reason"]
    assert "cannot be shown: the trained generator 'faces'" in describe_text("real-layout", Catalogue.read())
    with pytest.raises(InputError, match="run indmech-bench generators"):
        export_observations("real-layout", seeds="1", out=tmp_path / "out")

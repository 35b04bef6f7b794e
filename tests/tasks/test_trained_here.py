"""Networks trained here, as a user runs them: any folder of images, bad settings, what a classifier makes of digits."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
import torch
from draws import task_and_job, truth_of
from PIL import Image

from indmech_bench.results.curves import curves_path
from indmech_bench.results.folder import read_folder
from indmech_bench.scm.generators.model import IMAGES, TRAINING
from indmech_bench.tasks.truth import Truth

Cli = Callable[..., CompletedProcess[str]]
STEPS = "adam:learning_rate=0.003,steps=4"


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Forty pictures of 20 x 24 in colour, a gradient each; and one file that is none."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    random = np.random.default_rng(4)
    for number in range(40):
        down, right = np.mgrid[:24, :20] / 24
        colours = random.random((2, 3))
        picture = down[..., None] * colours[0] + right[..., None] * colours[1]
        Image.fromarray((127 * picture).astype(np.uint8)).save(folder / f"{number}.png")
    (folder / "broken.jpg").write_bytes(b"no picture")
    return folder


@pytest.mark.parametrize("name", ["digits-vae", "digits-strided-vae", "digits-gan"])
def test_any_folder_of_images_can_be_trained_on(cli: Cli, tmp_path: Path, photographs: Path, name: str) -> None:
    task = f"{name}:images=photographs,size=16,batch=8"
    ran = cli("run", "--task", task, "--method", STEPS, "--seeds", "1", "--out", "r", "--curves", "--jobs", "0")
    assert ran.returncode == 0, ran.stderr
    rows = [row for row in read_folder(tmp_path / "r") if row["method"] == "adam"]
    assert [row["status"] for row in rows] == ["ok"]
    assert rows[0]["metrics"]["coarse_distance"] > 0
    with np.load(curves_path(tmp_path / "r", rows[0])) as kept:
        assert kept["observed"].shape == (4, 3, 16, 16)
        stretched = [name for name in kept.files if name.startswith("maps")]
        assert all(kept[name].shape == (4, 3, 16, 24) for name in stretched)
        assert len(stretched) == 2
        assert kept["distance_from_start"][0] == 0 < kept["distance_from_start"][-1]


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        ("digits-vae:network=stridden", "unknown network 'stridden': did you mean 'strided'?"),
        ("digits-vae:learnt=adversarial", "unknown way to learn 'adversarial'"),
        ("digits-vae:size=20", "size 20 of images must be 8, 16, 24, 32, 48 or 64."),
        ("digits-vae:images=nowhere", "'nowhere' is no folder."),
        ("digits-vae:images=few", "'few' holds 3 images: a network needs 32 or more."),
        ("digits-vae:images=none", "'none' holds no images"),
    ],
)
def test_what_cannot_be_trained_on_is_said_in_a_sentence(cli: Cli, tmp_path: Path, task: str, sentence: str) -> None:
    for folder, count in {"few": 3, "none": 0}.items():
        (tmp_path / folder).mkdir()
        for number in range(count):
            Image.new("L", (8, 8), number).save(tmp_path / folder / f"{number}.png")
    ran = cli("run", "--task", task, "--method", STEPS, "--seeds", "1", "--out", "r", "--jobs", "0")
    assert ran.returncode != 0
    assert sentence in ran.stderr
    assert "Traceback" not in ran.stderr


def test_methods_that_search_are_skipped_with_a_sentence(cli: Cli, tmp_path: Path) -> None:
    asked = ("multistart-fit", "levenberg-marquardt", "root-search-min-norm")
    methods = [part for name in asked for part in ("--method", name)]
    ran = cli("run", "--task", "digits-gan:most=64", *methods, "--seeds", "1", "--out", "r")
    assert ran.returncode == 0, ran.stderr
    rows = [row for row in read_folder(tmp_path / "r") if row["method"] in asked]
    assert {row["status"] for row in rows} == {"skipped"}
    assert len(rows) == len(asked)
    assert all(row["reason"] for row in rows)


def test_a_suite_of_networks_runs_small(cli: Cli, tmp_path: Path) -> None:
    small = ("--task", "textures-gan:most=64", "--task", "faces-strided-vae:most=48")
    ran = cli("run", "deep", *small, "--smoke", "--out", "r")
    assert ran.returncode == 0, ran.stderr
    rows = [row for row in read_folder(tmp_path / "r") if not row["reference"]]
    assert {(row["settings"]["steps"], row["seed"], row["status"]) for row in rows} == {(20, 0, "ok")}
    assert len(rows) == 6
    assert all(curves_path(tmp_path / "r", row).is_file() for row in rows)
    shown = cli("medians", "r", "--metric", "coarse_distance", "--metric", "held_out_loss", "--format", "json")
    sections = json.loads(shown.stdout)
    text = json.dumps(sections)
    assert "coarse_distance" in text
    assert "held_out_loss" in text


@lru_cache
def digits(seeds: tuple[int, ...] = (0,)) -> Truth:
    return truth_of("digits-strided-vae:most=600", seeds)


def test_a_classifier_of_ordinary_digits_reads_stretched_ones_worse_than_one_that_has_seen_such() -> None:
    task = task_and_job("digits-strided-vae:most=600", ())[0]
    facts = task.facts(digits())
    assert facts["accuracy_before"][0] + 0.03 < facts["accuracy_intervened"][0]
    assert facts["accuracy_intervened"][0] > 0.9


def test_a_network_that_is_not_finite_has_no_accuracy() -> None:
    task, truth = task_and_job("digits-strided-vae:most=600", ())[0], digits()
    generator = torch.Generator().manual_seed(2)
    parameters = {
        name: torch.randn(1, *shape, generator=generator, dtype=torch.float64) * truth.model.start_scales[name]
        for name, shape in truth.model.shapes.items()
    }
    law = truth.model.laws(truth.parameters)
    assert 0 <= float(task.use(truth, law, parameters)) <= 1
    parameters["decoder.0.bias"] = parameters["decoder.0.bias"] * torch.nan
    assert bool(task.use(truth, law, parameters).isnan().all())
    assert task.use(truth, law, truth.parameters) is None
    assert task.use(truth, law, None) is None


def test_images_that_are_used_come_from_all_over_a_set() -> None:
    few = truth_of("textures-vae:most=96", [0])
    images = torch.cat([few.parameters[name][0] for name in (IMAGES, TRAINING)])
    every = truth_of("textures-vae", [0])
    whole = torch.cat([every.parameters[name][0] for name in (IMAGES, TRAINING)])
    assert len(images) == 96
    assert len(whole) == 768
    # bricks, grass and gravel differ in contrast: a third each
    spreads = images.flatten(1).std(-1) / images.mean()
    assert float(spreads.mean()) == pytest.approx(float((whole.flatten(1).std(-1) / whole.mean()).mean()), rel=0.1)

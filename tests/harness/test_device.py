"""Another device than the processor: asked for by name, told to children, part of a row and not of its key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import outcomes
from draws import problem_of, task_and_job

import indmech_bench
from indmech_bench import InputError
from indmech_bench.harness.benchmark import bundles_of
from indmech_bench.harness.cells import Cell, make_cells
from indmech_bench.harness.replicates import job_streams
from indmech_bench.problem.observed import on_device
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.results.folder import read_folder

GPU = torch.cuda.is_available()
METHODS = ["adam:steps=20", "independence-penalty:steps=20", "stop-at-fit:steps=20,loss=0.5"]


def cells_on(device: str) -> list[Cell]:
    given: dict[str, Any] = {"salt": "", "budget": None, "precision": "float64", "training": "fused"}
    return [*make_cells(Catalogue.read(), ["toy-faces-single", "fork"], METHODS, device=device, **given)]


def test_a_device_that_is_not_known_or_not_there_is_said_before_anything_is_written(tmp_path: Path) -> None:
    asked = {"tasks": ["fork"], "methods": ["adam:steps=2"], "seeds": "1", "out": tmp_path / "r", "jobs": 0}
    with pytest.raises(InputError, match="unknown device 'gpu'"):
        indmech_bench.run(device="gpu", **asked)
    with pytest.raises(InputError, match="no float64"):
        indmech_bench.run(device="mps", **asked)
    if not GPU:
        with pytest.raises(InputError, match="'cuda' is not there"):
            indmech_bench.run(device="cuda", **asked)
    assert not (tmp_path / "r").exists()


def test_a_device_is_no_part_of_a_rows_identity_and_references_have_none() -> None:
    for here, there in zip(cells_on("cpu"), cells_on("cuda"), strict=True):
        assert here.keys([0, 7]) == there.keys([0, 7])
        assert here.provenance == {}
        assert there.provenance == ({} if there.reference else {"device": "cuda"})
        assert ("device" in there.job([0], [])) == (not there.reference)


def test_the_cells_of_a_task_share_a_child_there_one_after_the_other() -> None:
    todo = [(cell, cell.job([0], [])) for cell in cells_on("cuda")]
    bundles = [bundle for bundle in bundles_of(todo) if "device" in bundle[0]]
    assert sorted(len(bundle) for bundle in bundles) == [len(METHODS)] * 2
    assert all(len({job["task"] for job in bundle}) == 1 for bundle in bundles)


@pytest.mark.parametrize("name", ["toy-faces-single", "fir-natural", "fir-samples", "linear-gaussian-samples"])
def test_an_observation_moves_with_all_its_tensors(name: str) -> None:
    task, job = task_and_job(name, [0])
    observation, _ = task.observe(
        task.sample(job_streams(job, "truth", task)), job_streams(job, "truth", task)
    ).normalised(torch.float64)
    moved = on_device(observation, "meta")
    held = [value for value in vars(moved).values() if isinstance(value, torch.Tensor)]
    assert held
    assert {value.device.type for value in held} == {"meta"}
    assert on_device(observation, "cpu") is observation


def test_rows_of_the_processor_do_not_name_it(tmp_path: Path) -> None:
    tasks = {"tasks": ["toy-faces-single"], "methods": ["adam:steps=2"], "seeds": "1"}
    indmech_bench.run(**tasks, device="cpu", out=tmp_path / "r", jobs=0)
    assert all("device" not in row for row in read_folder(tmp_path / "r"))


@pytest.mark.skipif(not GPU, reason="torch finds no CUDA device here")
@pytest.mark.parametrize("method", METHODS)
def test_rows_of_a_gpu_are_those_of_the_processor(method: str, tmp_path: Path) -> None:
    here = outcomes(method, [0, 1], "toy-faces-single")
    tasks = {"tasks": ["toy-faces-single"], "methods": [method], "seeds": "2", "with_references": False}
    indmech_bench.run(**tasks, device="cuda", out=tmp_path / "r", jobs=1)
    rows = read_folder(tmp_path / "r")
    assert {row["device"] for row in rows} == {"cuda"}
    for row in rows:
        for metric in ("extrapolation_error", "fit_error", "log_generic_ratio"):
            assert row["metrics"][metric] == pytest.approx(here[row["seed"]]["metrics"][metric], rel=1e-6)


@pytest.mark.skipif(not GPU, reason="torch finds no CUDA device here")
def test_a_problem_of_a_gpu_is_all_there() -> None:
    task, job = task_and_job("toy-faces-single", [0])
    from indmech_bench.harness.replicates import pose_problem

    problem = pose_problem({**job, "device": "cuda"}, task)
    start = problem.start()
    assert {value.device.type for value in start.values()} == {"cuda"}
    assert float(problem.loss(start)) == pytest.approx(float(problem_of("toy-faces-single", [0]).loss(start)), rel=1e-9)

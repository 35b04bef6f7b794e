"""What a method can see says nothing of the truth, the task or the seed."""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import make_job
from leaks import SEEDS, found, leaks, numbers, starts_at_truth, truth_of

import indmech_bench
from indmech_bench.harness.job import execute
from indmech_bench.problem.problem import Problem
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.identity import salt_digest, salt_of_streams
from indmech_bench.registry.registration import get_task
from indmech_bench.scm.streams import Streams, streams


def test_the_search_finds_what_a_caller_holds_and_nothing_else() -> None:
    kernels = numbers("linear-environments")
    assert found(kernels) == set()

    def search(planted: object) -> set[int]:
        return found(kernels)

    drawn = truth_of("linear-environments", SEEDS)
    assert search(next(iter(drawn.values()))[1] * 3) >= {1}
    assert search([[*drawn.values()][-1].numpy().copy()]) >= {len(kernels) - 1}


def test_a_truth_planted_in_any_room_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = [name for _, name, is_room in pkgutil.iter_modules(indmech_bench.__path__, "indmech_bench.") if is_room]
    kernels = [tuple(torch.arange(1.0, 30.0).roll(index).tolist()) for index in range(len(rooms))]
    for room, kernel in zip(rooms, kernels, strict=True):
        monkeypatch.setattr(importlib.import_module(room), "planted", torch.tensor(kernel), raising=False)
    assert found(kernels) == set(range(len(rooms)))


@pytest.mark.parametrize("task", ["fir-natural", "environments-2", "linear-gaussian-samples"])
def test_no_truth_is_reachable_while_a_method_fits(task: str, tmp_path: Path) -> None:
    """The other tasks: tests/validate."""
    assert not leaks(task, tmp_path)


def test_a_task_that_starts_at_the_truth_shows_it(tmp_path: Path) -> None:
    (task,) = (entry.name for entry in Catalogue.read().of_kind("task") if starts_at_truth(entry.name))
    assert leaks(task, tmp_path)


def test_a_problem_shows_no_name_setting_or_seed() -> None:
    task = get_task("fir-graded:spread=0.0625")
    settings = {"taps": "9x5", "dependence": None, "spread": 0.0625, "tolerance": 0.001, "noise": None}

    def named(domain: str) -> Streams:
        return streams(domain, "a salt", "fir-graded", settings, 1, [4321])

    problem = Problem(task.observe(task.sample(named("truth")), named("truth")), named("method"))
    shown = []
    waiting: list[Any] = [problem]
    seen: set[int] = set()
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        shown.append(repr(thing))
        waiting += list(getattr(thing, "__dict__", {}).values())
        waiting += (
            [getattr(thing, name) for name in dir(thing) if not name.startswith("__")] if thing is problem else []
        )
        if isinstance(thing, dict):
            waiting += list(thing.values())
        elif isinstance(thing, list | tuple):
            waiting += list(thing)
    text = "\n".join(shown)
    for secret in ("fir-graded", "Fir(", "0.0625", "4321", "a salt", "spread", "tolerance"):
        assert secret not in text


@pytest.mark.parametrize("stream", ["taps", "noise", "start", "random-solution", "truth", "", "truth\0taps"])
def test_no_stream_of_a_method_gives_numbers_of_a_truth(stream: str) -> None:
    task, settings = "fir-natural", Catalogue.read().find("task", "fir-natural").defaults
    truth = streams("truth", "", task, settings, 1, SEEDS)
    method = streams("method", "", task, settings, 1, SEEDS)
    drawn = set(truth.randn("taps", 14).flatten().tolist()) | set(truth.randn("noise", 64).flatten().tolist())
    assert drawn.isdisjoint(method.randn(stream, 200).flatten().tolist())


def test_a_salt_changes_every_truth_and_no_salt_is_written() -> None:
    job = make_job("oracle", SEEDS, salt="secret")
    plain = execute(make_job("oracle", SEEDS))["outcomes"]
    salted = execute(job)["outcomes"]
    assert all(a["truth"] != b["truth"] for a, b in zip(plain, salted, strict=True))


def test_a_child_is_told_neither_the_salt_nor_what_rows_show_of_it() -> None:
    job = make_job("oracle", SEEDS, salt="secret")
    assert "secret" not in json.dumps(job)
    assert salt_digest("secret") not in job["salt"]
    assert job["salt"] == salt_of_streams("secret") != salt_of_streams("other")
    assert make_job("oracle", SEEDS)["salt"] == ""


def test_the_observed_power_does_not_give_rho_away() -> None:
    for task in ("fir-natural", "fir-dependent-plus", "fir-dependent-minus"):
        made = get_task(task)
        settings = Catalogue.read().find("task", task).defaults
        kernel = made.observe(made.sample(streams("truth", "", task, settings, 1, SEEDS)), Streams(())).kernel
        assert kernel.square().sum(-1).sub(1).abs().max() < 1e-12

"""What a method can see says nothing of the truth, the task or the seed."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import make_job

from indmech_bench.harness.job import execute
from indmech_bench.problem.problem import Problem
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import get_task
from indmech_bench.scm.streams import Streams, streams

SEEDS = [3, 4, 5]


def truth_of(task: str, seeds: list[int]) -> dict[str, torch.Tensor]:
    settings = Catalogue.read().find("task", task).defaults
    return get_task(task).sample(streams("truth", "", task, settings, 1, seeds))


def reachable_arrays(ours: set[int]) -> Iterator[np.ndarray[Any, Any]]:
    """Every array and tensor that the collector or a frame of this thread can reach, but for our own by their ids."""
    waiting: list[Any] = []
    frame = sys._getframe()
    while frame is not None:
        waiting += list(frame.f_locals.values())
        frame = frame.f_back  # type: ignore[assignment]
    gc.collect()
    waiting += gc.get_objects()  # after the frames: looking at one renews its cached dict of locals
    seen = set(ours)
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, torch.Tensor):
            if not thing.is_floating_point():
                continue
            yield thing.detach().double().numpy()
        elif isinstance(thing, np.ndarray) and thing.dtype.kind == "f":
            yield thing
        elif isinstance(thing, dict):
            waiting += list(thing.values())
        elif isinstance(thing, list | tuple | set):
            waiting += list(thing)


def holds_truth(kernels: list[tuple[float, ...]]) -> bool:
    """Whether any reachable array holds a row of one of these kernels, at any scale (a kernel's direction)."""
    directions = [np.array(kernel) / np.linalg.norm(kernel) for kernel in kernels]
    for array in list(reachable_arrays({id(direction) for direction in directions})):
        for direction in directions:
            size = len(direction)
            if array.ndim and array.shape[-1] == size:
                rows = array.reshape(-1, size)
                norms = np.linalg.norm(rows, axis=-1)
                with np.errstate(all="ignore"):
                    cosine = np.abs(rows @ direction) / norms
                if np.nanmax(cosine, initial=0) > 1 - 1e-9:
                    return True
    return False


FOUND: dict[str, Any] = {}
PLUGIN = '''
from dataclasses import dataclass
from indmech_bench import register_method
import test_no_leak

@register_method("looks-around")
@dataclass(frozen=True)
class LooksAround:
    """Searches the process for the truth while it fits."""

    def fit(self, problem):
        test_no_leak.FOUND["leak"] = test_no_leak.holds_truth(test_no_leak.FOUND["kernels"])
        test_no_leak.FOUND["problem"] = problem
        return problem.solution(problem.start())
'''


def planted_is_found(task: str, kernels: list[tuple[float, ...]]) -> bool:
    """Whether the search finds a tensor, and an array, that a caller of `fit` would hold."""

    def search(planted: object) -> bool:
        return holds_truth(kernels)

    tensor = search(next(iter(truth_of(task, SEEDS).values()))[1] * 3)
    array = search([[*truth_of(task, SEEDS).values()][-1].numpy().copy()])
    return tensor and array


def numbers(task: str) -> list[tuple[float, ...]]:
    """The kernels to look for, as tuples of numbers, which the search does not take for arrays."""
    rows = [row for value in truth_of(task, SEEDS).values() for row in value.reshape(-1, value.shape[-1])]
    return [tuple(row.tolist()) for row in rows]


@pytest.mark.parametrize("task", ["fir-natural", "linear-environments"])
def test_the_search_finds_what_is_planted(task: str) -> None:
    assert planted_is_found(task, numbers(task))


def leaks(task: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a method that searches the process while it fits finds its truth."""
    monkeypatch.setitem(sys.modules, "test_no_leak", sys.modules[__name__])
    plugin = folder / "looks_around.py"
    plugin.write_text(PLUGIN)
    FOUND["kernels"] = numbers(task)
    assert not holds_truth(FOUND["kernels"])
    reply = execute(make_job("looks-around", SEEDS, task, plugins=[plugin]))
    assert "outcomes" in reply, reply
    found: bool = FOUND["leak"]
    return found


def starts_at_truth(task: str) -> bool:
    return getattr(get_task(task), "starts_at_truth", False)


# one task of each way of drawing and of showing a truth
SHOWN = {
    (entry.attribute, entry.defaults.get("observation"), entry.defaults.get("dependence") is None): entry.name
    for entry in Catalogue.read().of_kind("task")
    if not starts_at_truth(entry.name)
}


@pytest.mark.parametrize("task", SHOWN.values())
def test_no_truth_is_reachable_while_a_method_fits(task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not leaks(task, tmp_path, monkeypatch)


def test_a_task_that_starts_at_the_truth_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (task,) = (entry.name for entry in Catalogue.read().of_kind("task") if starts_at_truth(entry.name))
    assert leaks(task, tmp_path, monkeypatch)


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


def test_the_observed_power_does_not_give_rho_away() -> None:
    for task in ("fir-natural", "fir-dependent-plus", "fir-dependent-minus"):
        made = get_task(task)
        settings = Catalogue.read().find("task", task).defaults
        kernel = made.observe(made.sample(streams("truth", "", task, settings, 1, SEEDS)), Streams(())).kernel
        assert kernel.square().sum(-1).sub(1).abs().max() < 1e-12

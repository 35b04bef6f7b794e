"""Looking for true mechanisms in everything that a method could reach while it fits."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from conftest import make_job
from contracts import lacks_weights

from indmech_bench.harness.job import execute
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import get_task
from indmech_bench.scm.generators.model import LABELS, TRAINING, TRAINING_LABELS
from indmech_bench.scm.streams import streams

SEEDS = [3, 4, 5]
MOST = 400
"""Lines of unseen images that are looked for, about: there are tens of thousands, and a leak shows all of them."""
Kernel = tuple[float, ...]
"""Numbers in a tuple, which the search does not take for an array."""


def truth_of(task: str, seeds: list[int]) -> dict[str, torch.Tensor]:
    entry = Catalogue.read().find("task", task)
    named = streams("truth", "", task, entry.defaults, entry.version, seeds)
    drawn: dict[str, torch.Tensor] = get_task(task).sample(named)
    return drawn


def numbers(task: str) -> list[Kernel]:
    """The true mechanisms of SEEDS; where these are not known, some lines of images that no network is trained on.

    Lines that are also in an image which is shown are in anything, as those with one number that is not 0 are: images
    have layouts of spikes.
    """
    truth = truth_of(task, SEEDS)
    shown = truth.pop(TRAINING, None)
    hidden = [value for name, value in truth.items() if name not in (LABELS, TRAINING_LABELS)]
    lines = [row for value in hidden for row in rows_of(value) if int((row != 0).sum()) > 1]
    if shown is not None:
        known = {direction(row) for row in rows_of(shown)}
        lines = [row for row in lines if direction(row) not in known]
        lines = lines[:: max(1, len(lines) // MOST)]
    return [tuple(row.tolist()) for row in lines]


def rows_of(value: torch.Tensor) -> torch.Tensor:
    return value.reshape(-1, value.shape[-1])


def direction(row: torch.Tensor) -> Kernel:
    """A line without its scale, to eight digits."""
    return tuple((row / row.norm()).mul(1e8).round().tolist())


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


def found(kernels: Sequence[Kernel]) -> set[int]:
    """Which of these kernels a row of any reachable array is, at any scale."""
    directions = [np.array(kernel) / np.linalg.norm(kernel) for kernel in kernels]
    seen: set[int] = set()
    for array in list(reachable_arrays({id(direction) for direction in directions})):
        for index, direction in enumerate(directions):
            if index not in seen and array.ndim and array.shape[-1] == len(direction):
                rows = array.reshape(-1, len(direction))
                with np.errstate(all="ignore"):
                    cosine = np.abs(rows @ direction) / np.linalg.norm(rows, axis=-1)
                if np.nanmax(cosine, initial=0) > 1 - 1e-9:
                    seen.add(index)
    return seen


FOUND: dict[str, Any] = {}
PLUGIN = '''
from dataclasses import dataclass
from indmech_bench import register_method
import leaks

@register_method("looks-around")
@dataclass(frozen=True)
class LooksAround:
    """Searches the process for the truth while it fits."""

    def fit(self, problem):
        leaks.FOUND["leak"] = bool(leaks.found(leaks.FOUND["kernels"]))
        return problem.solution(problem.start())
'''


def leaks(task: str, folder: Path) -> bool:
    """Whether a method that searches the process while it fits finds its truth."""
    plugin = folder / "looks_around.py"
    plugin.write_text(PLUGIN)
    FOUND["kernels"] = numbers(task)
    reply = execute(make_job("looks-around", SEEDS, task, plugins=[plugin]))
    assert "outcomes" in reply, reply
    leak: bool = FOUND["leak"]
    return leak


def starts_at_truth(task: str) -> bool:
    return bool(Catalogue.read().find("task", task).facts.get("starts_at_truth"))


# one task of each way of drawing and of showing a truth
SHOWN = {
    (entry.attribute, entry.defaults.get("observation"), entry.defaults.get("dependence") is None): entry.name
    for entry in Catalogue.read().of_kind("task")
    if not starts_at_truth(entry.name) and not lacks_weights(entry.name)
}

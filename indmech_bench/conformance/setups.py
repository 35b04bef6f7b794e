"""A task that is to be checked, with a few truths and problems of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from typing import Any

import torch
from torch import Tensor

from indmech_bench.conformance.findings import CheckSkippedError
from indmech_bench.errors import UnsupportedError
from indmech_bench.harness.replicates import draw_truth, job_streams, pose_problem
from indmech_bench.harness.workers.messages import Draws
from indmech_bench.problem.engine.kernels.compiling import FUSED
from indmech_bench.problem.problem import Problem
from indmech_bench.registry.notation import Named
from indmech_bench.registry.registration import build
from indmech_bench.tasks.truth import Truth

SEEDS = (0, 1, 2, 3)
SALT = "a salt that nobody else has"


class Setup:
    """One task with a few truths and problems, drawn as a job draws them."""

    def __init__(self, task: Named) -> None:
        self.task = task
        self.truth = lru_cache(maxsize=None)(self.draw)
        self.problem = lru_cache(maxsize=None)(self.pose)

    @cached_property
    def live(self) -> Any:
        return build(self.task)

    def job(self, seeds: tuple[int, ...]) -> Draws:
        return {
            "task": self.task.name, "task_settings": self.task.settings,
            "task_version": self.task.entry.version, "salt": SALT, "seeds": list(seeds), "precision": "float64",
            "budget": None, "training": FUSED,
        }  # fmt: skip

    def draw(self, seeds: tuple[int, ...] = SEEDS) -> Truth:
        """Raises CheckSkippedError where the task draws nothing on this machine."""
        with _what_is_missing():
            return draw_truth(self.job(seeds), self.live)

    def pose(self, seeds: tuple[int, ...] = SEEDS) -> Problem:
        """Raises CheckSkippedError likewise."""
        with _what_is_missing():
            return pose_problem(self.job(seeds), self.live)

    def normalised(self, parameters: dict[str, Tensor]) -> tuple[Any, Tensor]:
        """What the task shows of these parameters of SEEDS with mean power 1, and the divisors."""
        observation = self.live.observe(parameters, job_streams(self.job(SEEDS), "truth", self.live))
        made: tuple[Any, Tensor] = observation.normalised(torch.float64)
        return made

    @property
    def noise_free(self) -> bool:
        """Whether the observation is a function of the law alone."""
        return self.problem().samples == 1 and getattr(self.live, "noise", None) is None

    def seen_truth(self) -> dict[str, Tensor]:
        """The truths in the scale of what methods see."""
        truth = self.truth()
        _, scale = self.normalised(truth.parameters)
        return truth.model.rescale(truth.parameters, 1 / scale)


@contextmanager
def _what_is_missing() -> Iterator[None]:
    try:
        yield
    except UnsupportedError as error:
        raise CheckSkippedError(str(error)) from None


def listed(values: Tensor) -> str:
    """The first four values, for a sentence."""
    return "[" + ", ".join(f"{value:.4g}" for value in values.flatten().tolist()[:4]) + "]"

"""What the tests of the contract share: every registered task, a few truths and problems of each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import pytest
import torch
from draws import problem_of, task_and_job, truth_of
from torch import Tensor

from indmech_bench.harness.replicates import job_streams
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.solution import Solution
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import live
from indmech_bench.scm.images.faces import FacesModel
from indmech_bench.scm.images.latent import LatentFaces
from indmech_bench.scm.models.kernels import KernelModel
from indmech_bench.scm.observations.protocol import Observation
from indmech_bench.scoring.evaluation import Transfer
from indmech_bench.scoring.scores import score
from indmech_bench.tasks.generators.wheels import is_there
from indmech_bench.tasks.truth import Truth

SEEDS = (0, 1, 2, 3)


def _distinct_tasks() -> list[str]:
    """Every registered name, but of those that are one class with the same settings the first alone: twins."""
    seen: dict[tuple[str, str, str], str] = {}
    for entry in Catalogue.read().of_kind("task"):
        seen.setdefault((entry.module, entry.attribute, repr(entry.defaults)), entry.name)
    return [*seen.values()]


def lacks_weights(name: str) -> str:
    """Why a task cannot be drawn here: the trained generator that its truths are of has not been fetched."""
    of_network = Catalogue.read().find("task", name.partition(":")[0]).attribute == "RealLayout"
    return "needs the trained generator: indmech-bench generators" if of_network and not is_there("faces") else ""


def _mechanisms_known(name: str) -> bool:
    known: bool = Catalogue.read().find("task", name).facts.get("mechanisms_known", True)
    return known


TASKS = [name for name in _distinct_tasks() if not lacks_weights(name) and _mechanisms_known(name)]
"""Those whose truths have parameters; of the others see test_image_networks."""
IMAGE_NETWORKS = [name for name in _distinct_tasks() if not _mechanisms_known(name)]


@lru_cache
def task_of(name: str) -> Any:
    return task_and_job(name, ())[0]


@lru_cache
def drawn(name: str, seeds: Sequence[int] = SEEDS) -> Truth:
    """Truths of the seeds."""
    return truth_of(name, seeds)


@lru_cache
def posed(name: str, seeds: Sequence[int] = SEEDS) -> Problem:
    """Problems of the seeds."""
    return problem_of(name, seeds)


@lru_cache
def solved(name: str, reference: str, seeds: Sequence[int] = SEEDS) -> Solution:
    """What a reference makes of them."""
    solve = live(Catalogue.read().find("reference", reference))
    solution: Solution = solve(posed(name, seeds), drawn(name, seeds))
    return solution


def transfer_of(name: str, seeds: Sequence[int] = SEEDS) -> Transfer:
    """How the task tries a solution in a further environment."""
    task, job = task_and_job(name, seeds)
    return partial(task.transfer, streams=job_streams(job, "truth", task))


@lru_cache
def scored(name: str, reference: str, seeds: Sequence[int] = SEEDS) -> dict[str, Tensor]:
    """Its metrics."""
    truth, solution = drawn(name, seeds), solved(name, reference, seeds)
    return score(truth, solution, transfer_of(name, seeds), use=task_of(name).use)


def differs(value: Tensor, expected: float) -> float:
    """Largest absolute difference."""
    return float((value - expected).abs().max())


def observed(name: str, parameters: dict[str, Tensor]) -> Observation:
    """What the task shows of these parameters, for the seeds."""
    task, job = task_and_job(name, SEEDS)
    shown: Observation = task.observe(parameters, job_streams(job, "truth", task))
    return shown


def own_scale(name: str) -> dict[str, Tensor]:
    """The truths in the scale of what methods see."""
    truth = drawn(name)
    _, scale = observed(name, truth.parameters).normalised(torch.float64)
    return truth.model.rescale(truth.parameters, 1 / scale)


def powers(truth: Truth, law: Tensor) -> Tensor:
    """Mean power of a law in every environment, (R, E), E = 1 where there are none."""
    environments = truth.model.environments or 1
    if isinstance(truth.model, KernelModel):
        return law.unflatten(-1, (environments, -1)).mean(-1)
    if isinstance(truth.model, FacesModel):
        return law.square().mean((1, 2, 3, 4)).unsqueeze(-1)
    if isinstance(truth.model, LatentFaces):
        return law.square().sum(1).mean((1, 2)).unsqueeze(-1)
    return law.diagonal(dim1=-2, dim2=-1).mean(-1).reshape(len(law), environments)


def is_noise_free(name: str) -> bool:
    """Whether the observation is a function of the law alone."""
    task = task_of(name)
    return task.observation != "samples" and getattr(task, "noise", None) is None


NOISE_FREE = [name for name in TASKS if is_noise_free(name)]
SAMPLED = [name for name in TASKS if task_of(name).observation == "samples"]

each_task = pytest.mark.parametrize("name", TASKS)
each_noise_free_task = pytest.mark.parametrize("name", NOISE_FREE)
each_sampled_task = pytest.mark.parametrize("name", SAMPLED)

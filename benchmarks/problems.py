"""Problems and trainings that benchmarks time."""

from __future__ import annotations

from collections.abc import Callable

import torch

from indmech_bench import AdamRule, Objective, Phase, train
from indmech_bench.harness.replicates import pose_problem
from indmech_bench.problem.problem import Problem
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import build, resolve
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.observations.impulse import Impulse
from indmech_bench.scm.streams import Streams

FAMILIES = {
    "fir": "fir-natural",
    "fir, spectrum": "fir-spectrum",
    "fir, samples": "fir-samples",
    "deep-cascade, 3": "deep-3-k1",
    "deep-cascade, 5": "deep-5-k1",
    "environments, 2": "environments-2",
    "environments, 4": "environments-4",
    "fork": "fork",
    "eyes": "eyes-independent",
    "full-cascade": "full-cascade-large",
}
OBJECTIVES = {"adam": Objective(), "independence-penalty": Objective(independence=0.1)}


def posed(task: str, replicates: int, training: str) -> Problem:
    """The problem of the first seeds of a task; truths of conditioned tasks take long, so use others."""
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    named = resolve(Catalogue.read(), "task", task)
    job = {
        "task": named.name,
        "task_settings": named.settings,
        "task_version": named.entry.version,
        "salt": "",
        "seeds": list(range(replicates)),
        "budget": None,
        "precision": "float64",
        "training": training,
    }
    return pose_problem(job, build(named))  # type: ignore[arg-type]


def random_impulse(lengths: tuple[int, ...], n: int, replicates: int, training: str) -> Problem:
    """The problem of random impulses: nothing fits them."""
    torch.set_default_dtype(torch.float64)
    shown = Impulse(ConvolutionCascade(lengths, n), torch.randn(replicates, n))
    return Problem(shown, Streams(tuple(str(row).encode() for row in range(replicates))), training=training)


def stepper(problem: Problem, objective: Objective) -> Callable[[int], None]:
    """Takes so many steps of Adam, always from the same start."""
    start, phase = problem.start(), Phase(objective, AdamRule(0.02))

    def take(count: int) -> None:
        train(problem, start, phase, count)

    return take

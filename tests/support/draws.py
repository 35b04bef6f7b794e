"""Random models, truths and problems that several tests draw, and the law of a cascade written out plainly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from indmech_bench.harness.replicates import draw_truth, job_streams, pose_problem
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.solution import Solution
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.notation import Named
from indmech_bench.registry.registration import live, resolve
from indmech_bench.scm.interventions import modulations
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.streams import Streams
from indmech_bench.scoring.references import of_parameters
from indmech_bench.tasks.truth import Truth

Array = NDArray[np.float64]

PRESETS = ("fir-natural", "fir-graded", "fir-generic", "fir-dependent-plus", "fir-dependent-minus")


def each_seed(examples: int = 20) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test on the same few random seeds every time."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        limited = settings(max_examples=examples, deadline=None, derandomize=True, database=None)
        return limited(given(seed=st.integers(0, 2**32 - 1))(test))

    return decorate


def kernels(seed: int, lengths: Sequence[int], *lead: int) -> dict[str, Tensor]:
    """iid Gaussian taps (*lead, L_k)."""
    generator = np.random.default_rng(seed)
    return {f"k{k + 1}": torch.from_numpy(generator.standard_normal((*lead, L))) for k, L in enumerate(lengths)}


@lru_cache
def named_task(text: str) -> Named:
    """A task's registration and complete settings."""
    return resolve(Catalogue.read(), "task", text)


def task_and_job(
    text: str,
    seeds: Iterable[int],
    budget: float | None = None,
    salt: str = "tests",
    training: str = "fused",
    precision: str = "float64",
) -> tuple[Any, dict[str, Any]]:
    """A task and what a job of some seeds of it says of truths and problems."""
    named = named_task(text)
    job = {
        "task": named.entry.name,
        "task_settings": named.settings,
        "task_version": named.entry.version,
        "salt": salt,
        "seeds": list(seeds),
        "precision": precision,
        "training": training,
        "budget": budget,
    }
    return live(named.entry)(**named.settings), job


def task_and_streams(text: str, domain: str, seeds: Iterable[int]) -> tuple[Any, Streams]:
    """A task and the streams of some seeds of it, as a job makes them."""
    task, job = task_and_job(text, seeds)
    return task, job_streams(job, domain, task)


def truth_of(text: str, seeds: Iterable[int]) -> Truth:
    """True parameters of a task's seeds."""
    task, job = task_and_job(text, seeds)
    return draw_truth(job, task)


def problem_of(
    text: str, seeds: Iterable[int], budget: float | None = None, *, curves: bool = False, **changes: str
) -> Problem:
    """What a method sees of a task's seeds, with another way of training or precision if wanted."""
    task, job = task_and_job(text, seeds, budget, **changes)
    return pose_problem(job, task, partial(Problem, curves=curves))


def truth_from(model: ConvolutionCascade, parameters: dict[str, Tensor]) -> Truth:
    """These parameters, brought to mean power 1, as a truth."""
    power = model.mean(model.half_spectrum(parameters))
    keys = tuple(str(row).encode() for row in range(len(power)))
    return Truth(model, model.rescale(parameters, power.rsqrt()), Streams(keys), modulations(model.n))


def against_all_solutions(truth: Truth, row: int) -> tuple[Truth, Solution]:
    """One replicate's truth, repeated, beside all solutions that fit its composite kernel."""
    kept = [value[row] for value in truth.parameters.values()]
    pairs = truth.solutions(list(truth.composites())[row])
    count = len(pairs["k1"])
    repeated = {name: value.expand(count, -1).clone() for name, value in zip(pairs, kept, strict=True)}
    keys = tuple(str(index).encode() for index in range(count))
    return replace(truth, parameters=repeated, streams=Streams(keys)), of_parameters(truth, pairs)


def modulated_spectrum(taps: Sequence[Array], n: int, intervened: int, shift: int) -> Array:
    """|DFT|^2 (R, n) of a cascade whose kernel `intervened` is multiplied by exp(2 pi i shift t / n), tap by tap."""
    spectrum = np.ones((len(taps[0]), n))
    for k, kernel in enumerate(taps):
        t = np.arange(kernel.shape[-1])
        moved = kernel * np.exp(2j * np.pi * shift * t / n) if k == intervened else kernel
        spectrum = spectrum * np.abs(moved @ np.exp(-2j * np.pi * np.outer(t, np.arange(n)) / n)) ** 2
    return spectrum


def all_spectra(model: ConvolutionCascade, parameters: dict[str, Tensor]) -> Array:
    """The spectra under all n modulations, identity first: (R, n, n), shift before frequency."""
    taps = [value.numpy() for value in parameters.values()]
    return np.stack([modulated_spectrum(taps, model.n, model.intervened, shift) for shift in range(model.n)], 1)

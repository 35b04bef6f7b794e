"""What a run and its workers tell each other, as plain JSON: jobs, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict, Unpack, cast, final

from indmech_bench.results.row_fields import Identity, Result
from indmech_bench.results.statuses import Status


class Draws(TypedDict):
    """What truths and problems are drawn by: a task with complete settings, a digest of the salt, seeds, limits.

    device: where methods compute, if not on the processor.
    """

    task: str
    task_settings: dict[str, Any]
    task_version: int
    salt: str
    seeds: list[int]
    budget: float | None
    precision: str
    training: str
    device: NotRequired[str]


class Job(Identity):
    """Some seeds of one cell, with all that a child needs to know; `salt` is a digest that truths are drawn by.

    plugins: files. whole: the method is given whole blocks of seeds, so that dividing the job divides no work.
    save_solutions: outcomes are to bring the solution's parameters. curves: and what was measured along training.
    device: as in `Draws`.
    """

    seeds: list[int]
    plugins: list[str]
    whole: bool
    save_solutions: bool
    curves: bool
    device: NotRequired[str]


class Outcome(Result):
    """What a job gives for one of its seeds: the part of a row that is not its identity.

    output: what a failed attempt printed. parameters: of the solution, for its file. curves: name -> values by step.
    pictures: of the first seeds of some tasks, name -> pixels. solutions: of the oracle at the first seeds, name -> a
    value of each solution, and the band of the null. seal: what ties it to its cell and seed (`seals`), given where
    the outcome is made.
    """

    seal: NotRequired[str]
    output: NotRequired[str]
    parameters: NotRequired[dict[str, list[Any]]]
    curves: NotRequired[dict[str, list[float | None]]]
    pictures: NotRequired[dict[str, list[Any]]]
    solutions: NotRequired[dict[str, list[float | None]]]


@final
class Answer(TypedDict):
    """What an attempt gives that came to its end: one outcome a seed."""

    outcomes: list[Outcome]


@final
class Failure(TypedDict):
    """What an attempt gives whose whole batch failed: a status with its reason, and what was printed."""

    failure: str
    reason: str
    output: str


Reply = Answer | Failure


class Kernels(TypedDict):
    """Kernels that a process has compiled, those that it has read from disk, and the seconds that both took."""

    compiled: int
    read: int
    seconds: float


class Response(TypedDict):
    """What a runner answers: a reply a job, the kernels that it has made ready so far, the digest of the request."""

    request: str
    replies: list[Reply]
    kernels: Kernels


class Request(TypedDict):
    """What a runner reads: jobs that run in one child, one after the other, and the seconds that they may take."""

    jobs: list[Job]
    timeout: float


class _Filled(TypedDict, total=False):
    metrics: dict[str, Any]
    truth: dict[str, Any]
    details: dict[str, Any]
    cost: float | None
    seconds: float | None
    output: str


def failure(status: Status, reason: str, output: str = "") -> Failure:
    """The reply of an attempt whose whole batch failed."""
    return {"failure": status, "reason": reason, "output": output}


def outcome(seed: int, status: str, reason: str, **fields: Unpack[_Filled]) -> Outcome:
    """An outcome; fields that are not given are empty."""
    empty: Outcome = {
        "seed": seed,
        "status": status,
        "reason": reason,
        "metrics": {},
        "truth": {},
        "details": {},
        "cost": None,
        "seconds": None,
    }
    return {**empty, **fields}


def result_of(outcome: Outcome) -> Result:
    """The part of an outcome that goes into its row."""
    return cast(Result, {name: value for name, value in outcome.items() if name in Result.__annotations__})


def failed(seeds: Sequence[int], status: str, reason: str, output: str = "") -> list[Outcome]:
    """Outcomes of seeds that have nothing but a status with its reason.

    Args:
        seeds: one outcome each.
        status: a word of `Status`.
        reason: a sentence.
        output: what the attempt printed.
    """
    return [outcome(seed, status, reason, output=output) for seed in seeds]

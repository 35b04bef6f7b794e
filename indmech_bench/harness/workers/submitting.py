"""Jobs given to an executor, which is not believed: what it loses, garbles or keeps to itself costs its own job."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from indmech_bench.harness.workers.handle import NoWorkError
from indmech_bench.harness.workers.messages import Job, Kernels, Outcome, failed
from indmech_bench.harness.workers.seals import fault_of_outcomes, sealed
from indmech_bench.results.statuses import Status
from indmech_bench.text.lines import printable, short

Bundle = tuple[Job, ...]
"""Jobs that run in one child, since they search alike; mostly one."""
SUBMISSIONS = 3
"""How often a job is given to the executor before it counts as crashed."""
GRACE = 300.0
"""Seconds beyond all limits of a job after which it counts as lost when nothing else has ended meanwhile either."""
WINDOW = 10_000
"""Most futures that are waited for at once."""
REASON = 200


@dataclass
class Told:
    """What a run learns beside outcomes: the kernels of each process, and why jobs were left undone, if any were."""

    kernels: list[Kernels] = field(default_factory=list)
    why_left: str = ""


@dataclass
class Submitted:
    """A bundle that the executor has, since when, and for how long it may be silent."""

    bundle: Bundle
    future: Any
    since: float
    limit: float


class Submissions:
    """The traffic of one run with an executor.

    Args:
        submit: gives a bundle to the executor, returns its future.
        longest: the seconds that a bundle may take, all attempts together.
        told: takes why jobs are left undone.
    """

    def __init__(self, submit: Callable[[Bundle], Future[Any]], longest: Callable[[Bundle], float], told: Told) -> None:
        self._submit, self._longest, self._told = submit, longest, told
        self._sent: dict[int, Submitted] = {}
        self._ended: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._waiting: list[Bundle] = []
        self._refused: list[Bundle] = []
        self._times: Counter[int] = Counter()
        self._numbers = iter(range(1 << 62))
        self._last_sign = time.monotonic()

    def run(self, bundles: Sequence[Bundle]) -> Generator[tuple[Job, list[Outcome]]]:
        """Each job with its outcomes, as they come. Jobs that no worker takes are left out, and `told` says why."""
        self._waiting = list(reversed(bundles))
        chances = SUBMISSIONS - 1
        try:
            while True:
                while self._waiting and len(self._sent) < WINDOW:
                    self._give(self._waiting.pop())
                if self._sent:
                    yield from self._next()
                elif self._refused and chances:
                    chances -= 1
                    self._waiting, self._refused = self._refused[::-1], []
                else:
                    return
        finally:
            for sent in self._sent.values():
                with contextlib.suppress(Exception):
                    sent.future.cancel()

    def _give(self, bundle: Bundle) -> None:
        number = next(self._numbers)
        try:
            future = self._submit(bundle)
            self._sent[number] = Submitted(bundle, future, time.monotonic(), self._longest(bundle) + GRACE)
            future.add_done_callback(lambda _: self._ended.put(number))
        except Exception as error:
            self._sent.pop(number, None)
            # whether it takes others is found out when those that it has are finished
            self._refuse((*reversed(self._waiting), bundle), error)
            self._waiting = []

    def _refuse(self, bundles: Sequence[Bundle], error: BaseException) -> None:
        self._refused += bundles
        self._told.why_left = _said(error)

    def _next(self) -> Generator[tuple[Job, list[Outcome]]]:
        """What comes of the next future that ends, or of those that have been silent for too long."""
        now = time.monotonic()
        patience = max(0.0, min(max(sent.since, self._last_sign) + sent.limit for sent in self._sent.values()) - now)
        try:
            number = self._ended.get(timeout=patience)
        except queue.Empty:
            yield from self._silent()
            return
        self._last_sign = time.monotonic()
        sent = self._sent.pop(number, None)
        if sent is None:  # of a job that was taken for lost
            return
        value, error = _result(sent.future)
        if isinstance(error, NoWorkError):
            self._refuse([sent.bundle], error)
        elif error is not None:
            yield from self._lost(sent.bundle, f"its worker's answer was {_said(error)}")
        elif not isinstance(value, list | tuple) or len(value) != len(sent.bundle):
            yield from self._lost(sent.bundle, f"its worker gave {type(value).__name__} for {len(sent.bundle)} answers")
        else:
            for job, outcomes in zip(sent.bundle, value, strict=True):
                fault = fault_of_outcomes(job, outcomes)
                if fault:
                    yield from self._lost((job,), f"its worker {fault}")
                else:
                    yield job, outcomes

    def _silent(self) -> Generator[tuple[Job, list[Outcome]]]:
        now = time.monotonic()
        for number, sent in list(self._sent.items()):
            if max(sent.since, self._last_sign) + sent.limit <= now:
                del self._sent[number]
                with contextlib.suppress(Exception):
                    sent.future.cancel()
                yield from self._lost(sent.bundle, f"its worker was silent for {sent.limit:g} s")

    def _lost(self, bundle: Bundle, why: str) -> Generator[tuple[Job, list[Outcome]]]:
        """Have the jobs of a bundle run again, one by one; those that were lost too often have crashed."""
        for job in bundle:
            self._times[id(job)] += 1
            if self._times[id(job)] < SUBMISSIONS:
                self._waiting.append((job,))
            else:
                reason = short(f"lost {SUBMISSIONS} times; the last time {why}", REASON)
                yield job, sealed(job, failed(job["seeds"], Status.CRASHED, reason))


def _result(future: Any) -> tuple[Any, BaseException | None]:
    """What a future that has ended holds: a value, or an exception, which it may also raise."""
    try:
        error = future.exception(timeout=0)
        return (None, error) if error is not None else (future.result(timeout=0), None)
    except (Exception, asyncio.CancelledError) as error:
        return None, error


def _said(error: BaseException) -> str:
    return printable(short(f"{type(error).__name__}: {error}".removesuffix(": "), REASON))

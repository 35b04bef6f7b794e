"""The rules for trying a job again, so that one bad seed costs no other seed its row."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

from indmech_bench.harness.workers.messages import Job, Outcome, Reply, failed
from indmech_bench.harness.workers.seals import sealed
from indmech_bench.results.statuses import Status

ATTEMPTS_LIMIT = 4
"""Time limits that the attempts of a job may lose together, beside one for each seed that came to its end."""
LEAST_SHARE = 1.0
"""Seconds that a seed is given at least, though no more than its share of a limit is counted."""
NOT_RETRIED = "not retried"
"""How the reason of a seed begins that was not tried by itself, since others had used up what the job may lose."""
Attempt = Callable[[Sequence[Job], float], list[Reply]]
"""Jobs that run in one child, and the seconds that they may take -> a reply each."""


def longest(jobs: Sequence[Job], timeout: float) -> float:
    """Seconds that `outcomes_together` takes at most: attempts that come to nothing, and those that do not."""
    seeds = sum(len(job["seeds"]) for job in jobs)
    return timeout * (1 + ATTEMPTS_LIMIT * len(jobs) + 2 * seeds) + LEAST_SHARE * seeds


def outcomes_together(jobs: Sequence[Job], timeout: float, attempt: Attempt) -> list[list[Outcome]]:
    """The outcomes of each of several jobs that search alike: tried together once, where that fails each by itself.

    Together they have the time of one, so that one that hangs costs the others no more than that.
    """
    if len(jobs) == 1:
        return [outcomes(jobs[0], timeout, attempt)]
    replies = attempt(jobs, timeout)
    return [_settled(job, reply) or outcomes(job, timeout, attempt) for job, reply in zip(jobs, replies, strict=True)]


def _settled(job: Job, reply: Reply) -> list[Outcome] | None:
    """The outcomes of a job that need no other attempt."""
    if "outcomes" in reply:
        return reply["outcomes"]
    if reply["failure"] == Status.SKIPPED and not job["reference"]:
        return sealed(job, failed(job["seeds"], Status.SKIPPED, reply["reason"], output=reply["output"]))
    return None


def outcomes(job: Job, timeout: float, attempt: Attempt) -> list[Outcome]:
    """The outcomes of a job, one a seed, after as many attempts as the rules allow.

    A batch that raises or crashes is halved down to single seeds. One that times out is rerun seed by seed: first each
    seed has its share of one limit, then those that did not end in it have the whole limit each. So seeds that were
    never tried alone come before those that hung alone. A single seed that crashed is tried once more. A job that is
    `whole`, whose method is given a whole block of seeds however few are wanted, is not divided: each part would run
    the same again. Attempts that come to nothing may use four time limits together, and one more for each seed that
    came to its end, whose own time is not counted: a method that always hangs costs four limits, and one that hangs on
    some seeds costs the others nothing. What is left then is `timeout`, "not retried". A skipped method is skipped for
    all its seeds; a reference may be for some of them only.
    """
    queue: list[tuple[list[int], bool, float]] = [(list(job["seeds"]), True, 1.0)]  # the last: part of a limit
    done: list[Outcome] = []
    lost, ended = 0.0, 0
    while queue:
        seeds, first, part = queue.pop(0)
        left = (ATTEMPTS_LIMIT + ended) * timeout - lost
        if left <= 0:
            why = f"{NOT_RETRIED}: {ATTEMPTS_LIMIT} time limits of {timeout:g} s are spent"
            done += sealed(job, failed(seeds, Status.TIMEOUT, why))
            continue
        before = time.monotonic()
        (reply,) = attempt([{**job, "seeds": seeds}], min(max(timeout * part, LEAST_SHARE), timeout, left))
        if "outcomes" in reply:
            done += reply["outcomes"]
            ended += len(seeds)
            continue
        lost += min(time.monotonic() - before, timeout * part)
        why, single = reply["failure"], len(seeds) == 1 or job["whole"]
        if why == Status.CRASHED and single and first:
            queue.insert(0, (seeds, False, part))
        elif why == Status.TIMEOUT and single and part < 1:
            queue.append((seeds, first, 1.0))
        elif single or (why == Status.SKIPPED and not job["reference"]):
            done += sealed(job, failed(seeds, why, reply["reason"], output=reply["output"]))
        elif why == Status.TIMEOUT:
            queue = [([seed], True, 1 / len(seeds)) for seed in _spread(seeds)] + queue
        else:
            middle = len(seeds) // 2
            queue = [(seeds[:middle], True, part), (seeds[middle:], True, part), *queue]
    return sorted(done, key=lambda row: int(row["seed"]))


def _spread(seeds: Sequence[int]) -> list[int]:
    """The seeds in an order in which neighbours, which may hang for one reason, do not follow each other."""
    return random.Random(0).sample(seeds, len(seeds))

"""The rules for trying a job again, so that one bad seed costs no other seed its row."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from indmech_bench.harness.workers.messages import Job, Outcome, Reply, failed
from indmech_bench.results.statuses import Status

ATTEMPTS_LIMIT = 4
"""All attempts of a job together may use this many time limits."""
Attempt = Callable[[Sequence[Job], float], list[Reply]]
"""Jobs that run in one child, and the seconds that they may take -> a reply each."""


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
        return failed(job["seeds"], Status.SKIPPED, reply["reason"], output=reply["output"])
    return None


def outcomes(job: Job, timeout: float, attempt: Attempt) -> list[Outcome]:
    """The outcomes of a job, one a seed, after as many attempts as the rules allow.

    A batch that raises or crashes is halved down to single seeds; one that times out is rerun seed by seed. A single
    seed that crashed is tried once more. A job that is `whole`, whose method is given a whole block of seeds however
    few are wanted, is not divided: each part would run the same again. All attempts together use at most four time
    limits; what is left then is `timeout`. A skipped method is skipped for all its seeds; a reference may be for some
    of them only.
    """
    deadline = time.monotonic() + ATTEMPTS_LIMIT * timeout
    queue: list[tuple[list[int], bool]] = [(list(job["seeds"]), True)]
    done: list[Outcome] = []
    while queue:
        seeds, first = queue.pop(0)
        left = deadline - time.monotonic()
        if left <= 0:
            done += failed(
                seeds, Status.TIMEOUT, f"not retried: {ATTEMPTS_LIMIT} time limits of {timeout:g} s are spent"
            )
            continue
        (reply,) = attempt([{**job, "seeds": seeds}], min(timeout, left))
        if "outcomes" in reply:
            done += reply["outcomes"]
            continue
        failure, single = reply["failure"], len(seeds) == 1 or job["whole"]
        if failure == Status.CRASHED and single and first:
            queue.insert(0, (seeds, False))
        elif single or (failure == Status.SKIPPED and not job["reference"]):
            done += failed(seeds, failure, reply["reason"], output=reply["output"])
        elif failure == Status.TIMEOUT:
            queue = [([seed], True) for seed in seeds] + queue
        else:
            middle = len(seeds) // 2
            queue = [(seeds[:middle], True), (seeds[middle:], True), *queue]
    return sorted(done, key=lambda row: int(row["seed"]))

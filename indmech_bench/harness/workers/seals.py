"""What is believed of a worker's answer: outcomes whose seal fits the job and seeds that they are taken for.

An outcome is sealed where it is made: a hash of the cell that it was made for and of all that it says. So an outcome
of another cell or another seed, or one that was changed on its way, is told from a true one whatever carried it. That
guards against accident, not malice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from indmech_bench.harness.workers.messages import Job, Outcome, Reply
from indmech_bench.results.row_fields import Identity, Result
from indmech_bench.results.row_lines import LONGEST, is_result
from indmech_bench.results.statuses import FAILED, Status

DIGEST = 32
"""Hexadecimal digits of a seal."""
FILES = ("parameters", "curves", "pictures", "solutions")
"""What an outcome may bring for files beside its row: values by name."""
EXTRA = ("seal", "output", *FILES)
"""Fields that an outcome may have beside those of a result; the seal leaves the first two out."""


def sealed(job: Job, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes with the seal of the job that they were made for. Raises ValueError for what no JSON can hold."""
    cell = _cell(job)
    return [{**outcome, "seal": _seal(cell, outcome)} for outcome in outcomes]


def fault_of_outcomes(job: Job, outcomes: object) -> str:
    """What is wrong with a worker's outcomes of a job, as the rest of a sentence; empty where nothing is."""
    if not isinstance(outcomes, list) or not all(isinstance(each, dict) for each in outcomes):
        return f"gave {type(outcomes).__name__} for a list of outcomes"
    cell = _cell(job)
    for each in outcomes:
        fault = _fault(cell, each)
        if fault:
            return fault
    got, asked = sorted(each["seed"] for each in outcomes), sorted(job["seeds"])
    if got != asked:
        return f"gave seeds {_few(got)} for {_few(asked)}"
    return ""


def checked_replies(jobs: Sequence[Job], replies: object) -> list[Reply] | None:
    """The replies of a child, if they are a reply to each of these jobs."""
    if not isinstance(replies, list) or len(replies) != len(jobs):
        return None
    good = all(_is_reply(job, reply) for job, reply in zip(jobs, replies, strict=True))
    return cast(list[Reply], replies) if good else None


def _is_reply(job: Job, reply: object) -> bool:
    if not isinstance(reply, dict):
        return False
    if set(reply) == {"outcomes"}:
        return not fault_of_outcomes(job, reply["outcomes"])
    if set(reply) != {"failure", "reason", "output"} or not all(isinstance(value, str) for value in reply.values()):
        return False
    return reply["failure"] in FAILED | {Status.SKIPPED}


def _fault(cell: str, outcome: Mapping[str, Any]) -> str:
    if not Result.__required_keys__ <= set(outcome) <= {*Result.__annotations__, *EXTRA} or not is_result(outcome):
        return "gave an outcome that is none"
    files = [outcome.get(name, {}) for name in FILES]
    if not isinstance(outcome.get("output", ""), str) or not all(isinstance(values, dict) for values in files):
        return "gave an outcome that is none"
    try:
        fits = _seal(cell, outcome) == outcome.get("seal")
    except (TypeError, ValueError, RecursionError):
        return "gave an outcome that no row can hold"
    if not fits:
        return f"gave an outcome of seed {outcome['seed']} that is not of this cell and seed, or was changed"
    return ""


def _cell(job: Job) -> str:
    """A digest of what all rows of the job share, whatever its seeds and wherever its plugins lie."""
    fields: Mapping[str, Any] = job
    return hashlib.sha256(_canonical({name: fields[name] for name in Identity.__annotations__})).hexdigest()


def _seal(cell: str, outcome: Mapping[str, Any]) -> str:
    row = _canonical({name: outcome[name] for name in Result.__annotations__ if name in outcome})
    if len(row) > LONGEST // 2:
        raise ValueError(f"a row of {len(row):,} bytes is longer than half of what is read again")
    files = _canonical({name: outcome[name] for name in FILES if name in outcome})
    return hashlib.sha256(cell.encode() + row + files).hexdigest()[:DIGEST]


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _few(seeds: Sequence[int]) -> str:
    shown = ", ".join(map(str, seeds[:4]))
    return f"{shown}, ... ({len(seeds)})" if len(seeds) > 4 else shown or "none"

"""What a job gives for each of its seeds: the part of a row that is not its identity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Outcome = dict[str, Any]
"""seed, status, reason, metrics, truth, details, cost, seconds of one replicate; perhaps `output`."""


def outcome(seed: int, status: str, reason: str, **fields: Any) -> Outcome:
    """An outcome; fields that are not given are empty."""
    empty: Outcome = {"metrics": {}, "truth": {}, "details": {}, "cost": None, "seconds": None}
    return {"seed": seed, "status": status, "reason": reason, **empty, **fields}


def failed(seeds: Sequence[int], status: str, reason: str, **fields: Any) -> list[Outcome]:
    """Outcomes of seeds that have nothing but a status and a reason."""
    return [outcome(seed, status, reason, **fields) for seed in seeds]

"""How a replicate ended."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """The status of a row; in files and messages it is its word."""

    OK = "ok"
    NONFINITE = "nonfinite"
    ERROR = "error"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    BUDGET = "budget"
    SKIPPED = "skipped"


FAILED = frozenset(Status) - {Status.OK, Status.SKIPPED}
"""What counts as a failure: it is ranked as the worst, and `retry_failed` runs it again."""

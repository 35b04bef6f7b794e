"""When regularisers let go: the last steps fit only, so that the result is a solution."""

from __future__ import annotations

import math

RELEASED = 0.8
"""Share of the steps after which the fit alone is minimised."""


def release_step(steps: int) -> int:
    """The first of the steps that fit only."""
    return math.ceil(RELEASED * steps)

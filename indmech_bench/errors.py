"""The exceptions that carry one clear sentence to the user."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

FEW = 6
"""Known names that are all listed, beside the nearest."""


class InputError(ValueError):
    """Something the user gave is wrong; the message is one sentence that says what is allowed."""


class UnsupportedError(Exception):
    """A method or reference cannot work on this problem; its rows are `skipped` with the message as reason."""


class BudgetExceededError(Exception):
    """A method asked for more cost units than its budget holds; its rows get the status `budget`."""


class TruthNotFoundError(Exception):
    """No draw from the prior reached the dependence that a task demands."""


def unknown(what: str, name: str, known: Iterable[str]) -> InputError:
    """The error for a name that is not in `known`: names it, the nearest known name, or all that are allowed."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hints = [f"did you mean '{close[0]}'?"] if close else []
    if not close or len(names) <= FEW:
        hints.append(f"known are: {', '.join(names) or 'none'}.")
    return InputError(f"unknown {what} '{name}': {' '.join(hints)}")

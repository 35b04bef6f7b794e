"""What verbs say: results to standard output, sentences about them to standard error."""

from __future__ import annotations

import os
import sys

from indmech_bench.errors import InputError
from indmech_bench.text.lines import printable


def show(text: str) -> None:
    """Print to standard output. Raises InputError when nobody reads it any more."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # keep Python from failing again when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise InputError("standard output was closed before all was written.") from None


def say(sentence: str, code: int = 2) -> int:
    """Say a sentence on standard error; returns the exit status `code`."""
    if sys.stderr is not None:
        print(f"indmech-bench: {printable(sentence)}", file=sys.stderr)
    return code

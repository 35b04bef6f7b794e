"""What verbs say: results to standard output, sentences about them to standard error."""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata

SPELLED = {"–": "-", "…": "...", "─": "-", "│": "|", "ρ": "rho", "σ": "sigma", "λ": "lambda", "≤": "<=", "≥": ">=",
           "∞": "inf", "×": "x", "±": "+-"}  # fmt: skip
"""Signs of tables and sentences as plain letters."""


def prepare() -> None:
    """Have streams whose encoding lacks a sign spell it out rather than fail."""
    codecs.register_error("spelled", _spell)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="spelled")


def _spell(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(sign: str) -> str:
    """A sign in ASCII: `?` where it has no letters beneath it."""
    letters = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return SPELLED.get(sign) or letters or "?"


def show(text: str) -> None:
    """Print to standard output."""
    print(text, flush=True)


def look_away() -> None:
    """Send to nowhere what is still to be written: nobody reads standard output any more, as behind `| head`."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(sentence: str, code: int = 2) -> int:
    """Say a sentence on standard error; returns the exit status `code`."""
    if sys.stderr is not None:
        print(f"indmech-bench: {sentence}", file=sys.stderr)
    return code

"""What verbs say: results to standard output, sentences about them to standard error."""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import sys
import unicodedata
from collections.abc import Iterator

from indmech_bench.text.lines import printable

SPELLED = {"–": "-", "…": "...", "─": "-", "│": "|", "ρ": "rho", "σ": "sigma", "λ": "lambda", "≤": "<=", "≥": ">=",
           "∞": "inf", "×": "x", "±": "+-"}  # fmt: skip
"""Signs of tables and sentences as plain letters."""


class ReaderGoneError(Exception):
    """Nobody reads standard output any more, as behind `| head`: the command ends without a word."""


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
    """Print to standard output. Raises ReaderGoneError."""
    with _readers():
        print(text, flush=True)


def show_bytes(data: bytes) -> None:
    """Write bytes to standard output. Raises ReaderGoneError."""
    with _readers():
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


@contextlib.contextmanager
def _readers() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        # keep Python from failing again when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise ReaderGoneError from None


def say(sentence: str, code: int = 2) -> int:
    """Say a sentence on standard error; returns the exit status `code`."""
    if sys.stderr is not None:
        print(f"indmech-bench: {printable(sentence)}", file=sys.stderr)
    return code

# ruff: noqa: I001 - the verbs are imported in the order in which help lists them
"""The command `indmech-bench`: all verbs, and how a command ends."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

from indmech_bench.cli import reading, showing, running, folders, extending  # noqa: F401 - importing them registers their verbs
from indmech_bench.cli.networks import auditing, intervening  # noqa: F401 - the same
from indmech_bench.cli.application import app
from indmech_bench.cli.terminal import ReaderGoneError, prepare, say
from indmech_bench.errors import InputError

INTERRUPTED = 130
READER_GONE = 141
"""What a shell says of a command that SIGPIPE ended."""


def main() -> None:
    """The command `indmech-bench`. Exit 0, 1 when a row failed, 2 for bad input, 130 when interrupted."""
    sys.exit(_guarded(lambda: app(standalone_mode=False, prog_name="indmech-bench")))


def _guarded(command: Callable[[], Any]) -> int:
    from typer.exceptions import TyperException

    warnings.showwarning = lambda message, *_, **__: print(f"warning: {message}", file=sys.stderr)
    prepare()
    if sys.stdout is None:
        return say("standard output is closed: nothing could be shown, so nothing was done.")
    try:
        code = command()
        if code == INTERRUPTED:  # what typer makes of Ctrl-C
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except ReaderGoneError:
        return READER_GONE
    except InputError as error:
        return say(str(error))
    except TyperException as error:
        return say(f"{error.format_message().rstrip('.')}; see indmech-bench --help.")
    except KeyboardInterrupt:
        return say("interrupted; what is finished is kept, and the same command goes on from there.", INTERRUPTED)

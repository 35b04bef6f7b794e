"""Lines that go between two processes, with a time limit on every wait."""

from __future__ import annotations

import os
import select
import time
from typing import IO

CHUNK = 1 << 16
MOST = 1 << 29
"""Bytes of a line that are waited for; an answer with the parameters of a few hundred seeds takes some millions."""


class ClosedError(Exception):
    """The other process has closed its end."""


class Lines:
    """The two pipes to a process: whole lines out, whole lines in, both until a time by the monotonic clock."""

    def __init__(self, out: IO[bytes], into: IO[bytes]) -> None:
        self._out, self._into = out.fileno(), into.fileno()
        self._kept = bytearray()
        os.set_blocking(self._out, False)
        os.set_blocking(self._into, False)

    def write(self, line: bytes, deadline: float) -> None:
        """Raises TimeoutError, ClosedError."""
        rest = memoryview(line)
        while rest:
            _wait(self._out, select.POLLOUT, deadline)
            try:
                rest = rest[os.write(self._out, rest[:CHUNK]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise ClosedError from error

    def read(self, deadline: float) -> bytes:
        """The next line without its end. Raises TimeoutError, ClosedError."""
        searched = 0
        while True:
            end = self._kept.find(b"\n", searched)
            if end >= 0:
                line = bytes(self._kept[:end])
                del self._kept[: end + 1]
                return line
            searched = len(self._kept)
            if searched > MOST:
                raise ClosedError
            _wait(self._into, select.POLLIN, deadline)
            try:
                chunk = os.read(self._into, CHUNK)
            except BlockingIOError:
                continue
            except OSError as error:
                raise ClosedError from error
            if not chunk:
                raise ClosedError
            self._kept += chunk


def _wait(file: int, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(file, event)
    left = deadline - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise TimeoutError

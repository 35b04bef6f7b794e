"""A Dask cluster as an executor."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from typing import Any

from indmech_bench.errors import InputError

CONNECT = 30
"""Seconds for the scheduler to answer."""


class Cluster(Executor):
    """The workers of a Dask client, which take no more work when its scheduler is gone.

    The client cancels its futures when it loses the scheduler, tries to reach it again for a while, and would take
    futures meanwhile that never end.
    """

    def __init__(self, client: Any) -> None:
        self._client, self._executor = client, client.get_executor(pure=False)

    def submit(self, work: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        """The future of a call. Raises ConnectionError when the scheduler is gone."""
        while self._client.status == "connecting":
            time.sleep(0.1)
        if self._client.status != "running":
            raise ConnectionError("the Dask scheduler is gone")
        future: Future[Any] = self._executor.submit(work, *arguments, **named)
        return future


@contextlib.contextmanager
def dask_cluster(address: str) -> Iterator[Executor]:
    """The workers of the cluster whose scheduler has this address. Raises InputError where none answers."""
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--dask needs the package distributed: pip install 'indmech-bench[dask]'.") from None
    logger = logging.getLogger("distributed.client")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)  # what the run has to know of a lost worker its futures say
    try:
        try:
            client = Client(address, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"no Dask scheduler answers at --dask '{address}' ({type(error).__name__}): "
                "give an address such as tcp://HOST:8786."
            ) from None
        try:
            yield Cluster(client)
        finally:
            with contextlib.suppress(Exception):
                client.close(timeout=CONNECT)
    finally:
        logger.setLevel(before)

"""A Dask cluster as an executor."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from concurrent.futures import Executor

from indmech_bench.errors import InputError

CONNECT = 30
"""Seconds for the scheduler to answer."""


@contextlib.contextmanager
def dask_cluster(address: str) -> Iterator[Executor]:
    """The workers of the cluster whose scheduler has this address. Raises InputError where none answers."""
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--dask needs the package distributed: pip install 'indmech-bench[dask]'.") from None
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)  # what the run has to know of a lost worker its futures say
    try:
        try:
            client = Client(address, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(
                f"no Dask scheduler answers at --dask '{address}' ({type(error).__name__}): "
                "give an address such as tcp://HOST:8786."
            ) from None
        try:
            yield client.get_executor(pure=False)
        finally:
            with contextlib.suppress(Exception):
                client.close(timeout=CONNECT)
    finally:
        logger.setLevel(before)

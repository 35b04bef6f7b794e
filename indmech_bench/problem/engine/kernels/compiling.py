"""How kernels become machine code (numba), and where that is kept. Imports neither numba nor torch by itself."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from platformdirs import user_cache_path

Function = TypeVar("Function", bound=Callable[..., Any])
FAST = frozenset({"contract", "nsz", "arcp", "reassoc"})
"""What the compiler may assume; never that numbers are finite: a row that diverges must become NaN, alone."""
FUSED, PLAIN = "fused", "plain"
"""The ways of training: by kernels where there are kernels for it; by autograd and torch's optimisers."""
_COMPILED: list[Any] = []


def is_available() -> bool:
    """Whether there is a compiler: numba is installed."""
    return importlib.util.find_spec("numba") is not None


def cache_folder() -> Path:
    """Where machine code is kept: in the user's cache folder, or NUMBA_CACHE_DIR; a folder a state of the kernels.

    numba looks at the file of a function alone, not at the files of those that it calls.
    """
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    kept = os.environ.get("NUMBA_CACHE_DIR") or user_cache_path("indmech-bench")
    return Path(kept) / f"kernels-{digest.hexdigest()[:16]}"


def _can_be_written(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return os.access(folder, os.W_OK)


@contextlib.contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    """Let numba keep in this folder what is decorated inside."""
    from numba import config

    settings: Any = config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        settings.CACHE_DIR = before


def compiled(function: Function) -> Function:
    """The function as a kernel: compiled at its first call, or read from disk, where a folder can be written."""
    from numba import njit

    folder = cache_folder()
    # elsewhere numba would look beside the source, and not see when a file changes that the kernel is compiled with
    cache = _can_be_written(folder)
    with _kept_in(folder):
        kernel: Any = njit(cache=cache, fastmath=set(FAST), boundscheck=False, error_model="numpy")(function)
    _COMPILED.append(kernel)
    return kernel


def inlined(function: Function) -> Function:
    """The function as a part of the kernels that call it, compiled with them."""
    from numba import njit

    part: Any = njit(inline="always")(function)
    return part


def compiled_and_read() -> tuple[int, int]:
    """How many kernels this process has compiled, and how many it has read from disk."""
    stats = [kernel.stats for kernel in _COMPILED]
    hits = sum(sum(stat.cache_hits.values()) for stat in stats)
    return sum(len(kernel.signatures) for kernel in _COMPILED) - hits, hits

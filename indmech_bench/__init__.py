"""A benchmark suite for independence of mechanisms in generative models.

The public names below are resolved at first use: importing the package imports nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from indmech_bench.catalogue import list_methods, list_tasks
    from indmech_bench.comparison import compare
    from indmech_bench.harness import run
    from indmech_bench.merging import merge
    from indmech_bench.pairings import versus, winners
    from indmech_bench.ranking import leaderboard, leaderboards
    from indmech_bench.registry import get_method, get_task, register_method, register_reference, register_task
    from indmech_bench.results import load
    from indmech_bench.tuning import tune

_HOMES = {
    "compare": "comparison",
    "get_method": "registry",
    "get_task": "registry",
    "leaderboard": "ranking",
    "leaderboards": "ranking",
    "list_methods": "catalogue",
    "list_tasks": "catalogue",
    "load": "results",
    "merge": "merging",
    "register_method": "registry",
    "register_reference": "registry",
    "register_task": "registry",
    "run": "harness",
    "tune": "tuning",
    "versus": "pairings",
    "winners": "pairings",
}

__all__ = [
    "compare",
    "get_method",
    "get_task",
    "leaderboard",
    "leaderboards",
    "list_methods",
    "list_tasks",
    "load",
    "merge",
    "register_method",
    "register_reference",
    "register_task",
    "run",
    "tune",
    "versus",
    "winners",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'indmech_bench' has no attribute '{name}'")
    return getattr(import_module(f"indmech_bench.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])

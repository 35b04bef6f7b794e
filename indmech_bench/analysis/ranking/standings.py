"""How the ranked methods of a folder stand to each other, family by family: the tables of `leaderboard --standings`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indmech_bench.analysis.group_by import grouped
from indmech_bench.analysis.view import covering, error_of, score_of, tabled_rows
from indmech_bench.errors import InputError
from indmech_bench.results.folder import existing_folder
from indmech_bench.results.row_fields import TaskRow
from indmech_bench.statistics.ranks import (
    MOST,
    CriticalDifference,
    critical_difference,
    mean_ranks,
    probability_of_improvement,
    profiles,
)
from indmech_bench.statistics.significance import Floats

Share = tuple[float, tuple[float, float] | None]
"""A share of pairs with its interval."""


@dataclass(frozen=True)
class Rivalry:
    """The methods that cover a view, best mean rank first, on its (task, seed) pairs, controls left out.

    mean_ranks: (methods,), of `score`; profiles: (methods, thresholds), share of the pairs with e at most the
    threshold; wins: (method, other) -> share of the pairs on which the method scores more, ties half, with its
    interval; critical: None for fewer than 3 methods; of more than 10 it holds the ten best.
    """

    view: str
    names: tuple[str, ...]
    pairs: int
    mean_ranks: tuple[float, ...]
    profiles: Floats
    wins: dict[tuple[str, str], Share]
    critical: CriticalDifference | None


def rivalries(folder: str | Path, *, family: str | None = None) -> tuple[Rivalry, ...]:
    """Of all tasks together, then of each family. Methods with holes or skipped tasks are left out of a view.

    Controls are in none. Raises InputError where no view is covered by two methods.
    """
    place = existing_folder(folder)
    rows = [row for row in tabled_rows([place], family)[0] if not row["control"]]
    if not rows:
        raise InputError(f"'{place}' has no task to rank by: all that are asked for are controls.")
    views = {"all tasks": rows, **{f"family {name}": of_family for name, of_family in _of_families(rows)}}
    found = tuple(rivalry for name, of_view in views.items() if (rivalry := rivalry_of(name, of_view)) is not None)
    if not found:
        raise InputError(f"'{place}' has no two methods that cover the same (task, seed) pairs.")
    return found


def _of_families(rows: Sequence[TaskRow]) -> Iterator[tuple[str, list[TaskRow]]]:
    views = grouped(rows, "family")
    if len(views) > 1:
        yield from views.items()


def rivalry_of(view: str, rows: Sequence[TaskRow]) -> Rivalry | None:
    """How the methods stand that cover these rows, of which none is of a control; None of fewer than two."""
    methods = covering(rows)
    if len(methods) < 2:
        return None
    pairs = [*next(iter(methods.values()))]  # in one order for all
    scores = np.array([[score_of(row) for row in replicates.values()] for replicates in methods.values()]).T
    ranks = mean_ranks(scores)
    order = np.argsort(ranks, kind="stable")
    names, scores, ranks = [list(methods)[i] for i in order], scores[:, order], ranks[order]
    errors = np.array([[error_of(row) for row in methods[name].values()] for name in names]).T
    return Rivalry(
        view=view,
        names=tuple(names),
        pairs=len(pairs),
        mean_ranks=tuple(map(float, ranks)),
        profiles=profiles(errors),
        wins=_wins(names, scores, [task for task, _ in pairs]),
        critical=critical_difference(scores[:, :MOST], names[:MOST]) if len(names) > 2 else None,
    )


def _wins(names: Sequence[str], scores: Floats, tasks: Sequence[str]) -> dict[tuple[str, str], Share]:
    found: dict[tuple[str, str], Share] = {}
    for i, method in enumerate(names):
        for j, other in enumerate(names[:i]):
            share, interval = probability_of_improvement(scores[:, i], scores[:, j], tasks)
            found[method, other] = share, interval
            found[other, method] = 1 - share, interval and (1 - interval[1], 1 - interval[0])
    return found

"""How the ranked methods of a folder stand to each other, family by family: the tables of `leaderboard --standings`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indmech_bench.analysis.group_by import grouped
from indmech_bench.analysis.view import by_method, error_of, families, ranked_rows
from indmech_bench.errors import InputError
from indmech_bench.results.folder import existing_folder
from indmech_bench.results.row_fields import LabelledRow
from indmech_bench.results.statuses import Status
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
    """The methods that cover a view, best mean rank first, on its (task, seed) pairs.

    mean_ranks: (methods,); profiles: (methods, thresholds), share of the pairs with e at most the threshold; wins:
    (method, other) -> share of the pairs on which the method errs less, ties half, with its interval; critical: None
    for fewer than 3 methods; of more than 10 it holds the ten best.
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

    Raises InputError where no view is covered by two methods.
    """
    place = existing_folder(folder)
    rows, _ = ranked_rows([place], family)
    views = {"all tasks": rows, **{f"family {name}": of_family for name, of_family in _of_families(rows, place)}}
    found = tuple(rivalry for name, of_view in views.items() if (rivalry := _rivalry(name, of_view)) is not None)
    if not found:
        raise InputError(f"'{place}' has no two methods that cover the same (task, seed) pairs.")
    return found


def _of_families(rows: Sequence[LabelledRow], place: Path) -> Iterator[tuple[str, list[LabelledRow]]]:
    views = grouped(rows, "family", families([place]))
    if len(views) > 1:
        yield from views.items()


def _rivalry(view: str, rows: Sequence[LabelledRow]) -> Rivalry | None:
    pairs = sorted({(row["task_label"], row["seed"]) for row in rows})
    columns = {
        name: [error_of(replicates[pair]) for pair in pairs]
        for (reference, name), replicates in by_method(rows).items()
        if not reference
        and len(replicates) == len(pairs)
        and all(row["status"] != Status.SKIPPED for row in replicates.values())
    }
    if len(columns) < 2:
        return None
    errors = np.array(list(columns.values())).T
    ranks = mean_ranks(errors)
    order = np.argsort(ranks, kind="stable")
    names, errors, ranks = [list(columns)[i] for i in order], errors[:, order], ranks[order]
    return Rivalry(
        view=view,
        names=tuple(names),
        pairs=len(pairs),
        mean_ranks=tuple(map(float, ranks)),
        profiles=profiles(errors),
        wins=_wins(names, errors, [task for task, _ in pairs]),
        critical=critical_difference(errors[:, :MOST], names[:MOST]) if len(names) > 2 else None,
    )


def _wins(names: Sequence[str], errors: Floats, tasks: Sequence[str]) -> dict[tuple[str, str], Share]:
    found: dict[tuple[str, str], Share] = {}
    for i, method in enumerate(names):
        for j, other in enumerate(names[:i]):
            share, interval = probability_of_improvement(errors[:, i], errors[:, j], tasks)
            found[method, other] = share, interval
            found[other, method] = 1 - share, interval and (1 - interval[1], 1 - interval[0])
    return found

"""Does the order of methods survive another definition of the error? The tables of `sensitivity`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indmech_bench.analysis.view import MEDIAN, Pair, covering, tabled_rows
from indmech_bench.errors import InputError
from indmech_bench.results.folder import existing_folder
from indmech_bench.results.row_fields import TaskRow
from indmech_bench.results.statuses import Status
from indmech_bench.scoring.metrics import ALTERNATIVES
from indmech_bench.statistics.rankings import Scores, rank_methods, resolved_order

Replicates = Mapping[Pair, TaskRow]


@dataclass(frozen=True)
class Alternative:
    """The methods of a folder ranked by 1 / (1 + error) for another definition of the error, beside e itself.

    metric: its name; instead: what it has instead of what e has. tasks: those that it is defined on, where `ranks` are
    by it and `ranks_by_e` by e on the same. agreement: Kendall's tau-b of the two orders. told_apart: pairs of methods
    that e tells apart (95 % interval of their difference without 0, over families and seeds); confirmed: those of them
    that the alternative tells apart the same way; reversed_pairs: better and worse by e, the other way round by it.
    """

    metric: str
    instead: str
    tasks: tuple[str, ...]
    ranks: dict[str, int]
    ranks_by_e: dict[str, int]
    agreement: float
    told_apart: int
    confirmed: int
    reversed_pairs: tuple[tuple[str, str], ...]


def sensitivity(folder: str | Path, *, family: str | None = None) -> tuple[Alternative, ...]:
    """One for each other definition of e, of the methods that cover the tasks that count. Raises InputError.

    Controls are left out, methods with holes or skipped tasks too. A failed replicate has score 0 by any definition.
    """
    place = existing_folder(folder)
    rows = [row for row in tabled_rows([place], family)[0] if not row["control"]]
    methods = covering(rows)
    if len(methods) < 2:
        raise InputError(f"'{place}' has no two methods that cover the same (task, seed) pairs of natural tasks.")
    found = []
    for metric in ALTERNATIVES:
        defined = _defined(methods, metric.name)
        if defined:
            found.append(_alternative(methods, metric.name, metric.instead, defined))
    return tuple(found)


def _defined(methods: Mapping[str, Replicates], metric: str) -> dict[str, str]:
    """Task -> family of the tasks on which every method has the metric wherever it did not fail."""
    families = {row["task_label"]: row["family"] for replicates in methods.values() for row in replicates.values()}
    lacking = {
        row["task_label"]
        for replicates in methods.values()
        for row in replicates.values()
        if row["status"] == Status.OK and row["metrics"].get(metric) is None
    }
    return {task: family for task, family in sorted(families.items()) if task not in lacking}


def _alternative(methods: Mapping[str, Replicates], metric: str, instead: str, tasks: Mapping[str, str]) -> Alternative:
    from scipy.stats import kendalltau

    names = list(methods)
    by_e, by_it = ([_scores(methods[name], of, tasks) for name in names] for of in (MEDIAN, metric))
    ranks_by_e, ranks = (rank_methods(scores).ranks.tolist() for scores in (by_e, by_it))
    apart, there = resolved_order(by_e), resolved_order(by_it)
    better = [] if apart is None else [(i, j) for i, j in zip(*np.nonzero(apart > 0), strict=True)]
    signs = [0 if there is None else int(there[i, j]) for i, j in better]
    return Alternative(
        metric=metric,
        instead=instead,
        tasks=tuple(tasks),
        ranks=dict(zip(names, ranks, strict=True)),
        ranks_by_e=dict(zip(names, ranks_by_e, strict=True)),
        agreement=float(kendalltau(ranks_by_e, ranks).statistic),
        told_apart=len(better),
        confirmed=sum(sign > 0 for sign in signs),
        reversed_pairs=tuple((names[i], names[j]) for (i, j), sign in zip(better, signs, strict=True) if sign < 0),
    )


def _scores(replicates: Replicates, metric: str, tasks: Mapping[str, str]) -> Scores:
    samples: dict[str, list[float]] = {task: [] for task in tasks}
    for (task, _), row in replicates.items():
        if task in tasks:
            error = row["metrics"].get(metric) if row["status"] == Status.OK else None
            samples[task].append(0.0 if error is None else 1 / (1 + error))
    return Scores(tuple(map(np.array, samples.values())), tuple(tasks.values()))


def names_by_e(found: Sequence[Alternative]) -> list[str]:
    """All methods, best by e first, on the tasks of the alternative that has most of them."""
    widest = max(found, key=lambda one: len(one.tasks))
    return sorted(widest.ranks_by_e, key=lambda name: (widest.ranks_by_e[name], name))

"""Methods of one folder in pairs, seed by seed: all against one, the best of each approach against simple rivals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

import numpy as np

from indmech_bench.analysis.labels import called, shortest
from indmech_bench.analysis.view import MEDIAN, by_method, error_of, in_order, score_of, tabled_rows
from indmech_bench.errors import InputError, unknown
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.results.folder import existing_folder
from indmech_bench.results.row_fields import TaskRow
from indmech_bench.results.statuses import Status
from indmech_bench.scoring.metrics import METRICS
from indmech_bench.statistics.estimates import interquartile_mean, median_interval
from indmech_bench.statistics.significance import Floats, differences, holm, sign_pvalue, signed_rank_pvalue

RIVALS = ("best-constant", "white", "placebo-criterion")
"""Predictors without any independence of mechanisms, which a method must beat before it says anything."""
REFERENCE, UNKNOWN = "reference", "other"
ERRORS = tuple(metric.name for metric in METRICS if metric.better == "lower" and metric.worst == inf)
"""Metrics that are 0 at best and infinite where a method failed, as e is: 1 / (1 + error) is a score."""


@dataclass(frozen=True)
class Pairing:
    """A method against another on one task: e and score of the first, how often and by how much it scores more.

    metric: the error that `error` and `score` are of, e unless another was asked for. control: whether the task is one.
    better, worse, ties: shared seeds on which the method scores more than the other, less, the same to within 1e-6.
    difference: median over them of score(method) - score(other), with its order-statistic interval. p_score: Wilcoxon's
    signed ranks on these differences; p_sign: the exact sign test on better and worse; both two-sided, each corrected
    by Holm over the pairings of one table and task.
    """

    task: str
    metric: str
    control: bool
    method: str
    other: str
    approach: str
    n: int
    identified: float
    error: float
    interval: tuple[float, float] | None
    score: float
    better: int
    worse: int
    ties: int
    difference: float
    difference_interval: tuple[float, float] | None
    p_score: float
    p_sign: float


def versus(
    folder: str | Path, method: str, *, family: str | None = None, metric: str = MEDIAN, itself: bool = False
) -> tuple[Pairing, ...]:
    """Every method and reference against one, task by task, the best score first. Raises InputError.

    Pairs are the seeds that both have; the Holm correction is over all lines of a task. metric: an error other than e,
    one of ERRORS; scores are 1 / (1 + error), and cells without it are left out. `itself`: with the method beside the
    others, all ties, which the correction does not count.
    """
    if metric not in ERRORS:
        raise unknown("error", metric, ERRORS)
    found = _by_task(folder, family, metric)
    if not any(found.values()):
        raise InputError(f"'{folder}' has no row with '{metric}'.")
    known = {name for lines in found.values() for name in lines}
    named = called(method, known)
    if len(named) != 1:
        raise unknown("method in the results", method, shortest(known))
    (method,), pairings = named, []
    for task, lines in found.items():
        if method in lines:
            of_task = [_pairing(task, name, lines, method, metric) for name in lines if name != method]
            alone = [_pairing(task, method, lines, method, metric)] if itself else []
            pairings += sorted([*_corrected(of_task), *alone], key=lambda pairing: -pairing.score)
    return tuple(pairings)


def winners(folder: str | Path, *, family: str | None = None) -> tuple[Pairing, ...]:
    """Task by task the method of each approach with the best interquartile mean of `score`, against each of RIVALS.

    Groups come best first. The best is chosen on the seeds that are shown, so that its figures are a little too good;
    the Holm correction is over all lines of a task. Raises InputError where no rival is in the folder.
    """
    pairings: list[Pairing] = []
    for task, lines in _by_task(folder, family).items():
        rivals = [rival for rival in RIVALS if rival in lines]
        best: dict[str, str] = {}
        for name, rows in lines.items():
            approach = _approach(rows)
            if approach != REFERENCE and (approach not in best or _score(rows) > _score(lines[best[approach]])):
                best[approach] = name
        order = sorted(best.values(), key=lambda name: -_score(lines[name]))
        pairings += _corrected([_pairing(task, name, lines, rival, MEDIAN) for name in order for rival in rivals])
    if not pairings:
        raise InputError(f"'{folder}' has no task with a method and one of {', '.join(RIVALS)}.")
    return tuple(pairings)


def _by_task(folder: str | Path, family: str | None, metric: str = MEDIAN) -> dict[str, dict[str, dict[int, TaskRow]]]:
    """Task -> label -> seed -> row, skipped rows left out and, of another metric than e, cells that have none."""
    rows, _ = tabled_rows([existing_folder(folder)], family)
    found: dict[str, dict[str, dict[int, TaskRow]]] = {task: {} for task in in_order(rows)}
    having = {(row["task_label"], row["label"]) for row in rows if metric in row["metrics"]}
    for (_, name), replicates in by_method(row for row in rows if row["status"] != Status.SKIPPED).items():
        for (task, seed), row in replicates.items():
            if metric == MEDIAN or (task, name) in having:
                found[task].setdefault(name, {})[seed] = row
    return found


def _approaches() -> dict[str, str]:
    """Approach of each installed method."""
    return {entry.name: entry.facts.get("approach", UNKNOWN) for entry in Catalogue.read().of_kind("method")}


def _approach(rows: Mapping[int, TaskRow]) -> str:
    """The approach of the method that made these rows; of one that is not installed nothing is known."""
    row = next(iter(rows.values()))
    return REFERENCE if row["reference"] else _approaches().get(row["method"], UNKNOWN)


def _score(rows: Mapping[int, TaskRow], metric: str = MEDIAN) -> float:
    return interquartile_mean([_score_of(row, metric) for row in rows.values()])


def _score_of(row: TaskRow, metric: str) -> float:
    return score_of(row) if metric == MEDIAN else 1.0 / (1.0 + error_of(row, metric))


def _pairing(task: str, name: str, lines: Mapping[str, Mapping[int, TaskRow]], other: str, metric: str) -> Pairing:
    rows = lines[name]
    errors = [error_of(row, metric) for row in rows.values()]
    shared = [seed for seed in rows if seed in lines[other]]
    if not shared:
        raise InputError(f"'{name}' and '{other}' share no seed on {task}.")
    own, others = ([_score_of(side[seed], metric) for seed in shared] for side in (rows, lines[other]))
    moved: Floats = differences(others, own)
    return Pairing(
        task=task,
        metric=metric,
        control=next(iter(rows.values()))["control"],
        method=name,
        other=other,
        approach=_approach(rows),
        n=len(shared),
        identified=float(np.mean([row["metrics"].get("identified") or 0.0 for row in rows.values()])),
        error=float(np.median(errors)),
        interval=median_interval(errors),
        score=_score(rows, metric),
        better=int((moved > 0).sum()),
        worse=int((moved < 0).sum()),
        ties=int((moved == 0).sum()),
        difference=float(np.median(moved)),
        difference_interval=median_interval(moved),
        p_score=signed_rank_pvalue(moved),
        p_sign=sign_pvalue(moved),
    )


def _corrected(pairings: Sequence[Pairing]) -> list[Pairing]:
    ranked, signs = holm([one.p_score for one in pairings]), holm([one.p_sign for one in pairings])
    return [replace(one, p_score=p, p_sign=q) for one, p, q in zip(pairings, ranked, signs, strict=True)]

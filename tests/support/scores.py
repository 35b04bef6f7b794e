"""Scores of a results folder, and whether one method beats another, by the tables' own tie rule and test."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import indmech_bench
from indmech_bench.statistics.significance import differences, sign_pvalue, signed_rank_pvalue


def scores_of(folder: Path, task: str) -> pd.DataFrame:
    """Scores on a task, seeds by labels; 0 where a replicate failed."""
    rows = indmech_bench.load(folder).query("task == @task and status != 'skipped'")
    return rows.assign(score=rows["metrics.score"].fillna(0.0)).pivot(index="seed", columns="label", values="score")


def beats(scores: pd.DataFrame, better: str, worse: str) -> bool:
    """Whether the first scores more: two-sided p below 0.01 by signed ranks and below 0.05 by the sign test."""
    moved = differences(scores[worse], scores[better])
    more = bool((moved > 0).sum() > (moved < 0).sum())
    return more and signed_rank_pvalue(moved) < 0.01 and sign_pvalue(moved) < 0.05

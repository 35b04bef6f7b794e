"""Methods that are given one replicate at a time, or always the same block."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import make_job, outcomes

from indmech_bench.harness import attempts as retries
from indmech_bench.harness import batches
from indmech_bench.harness.batches import batches_of, block_of, block_seeds, seeds_of_a_job
from indmech_bench.harness.workers.messages import Job, Reply
from indmech_bench.testing import assert_passed, check_method

ONE_BY_ONE = '''
from dataclasses import dataclass
from typing import ClassVar
from indmech_bench import register_method

@register_method("one-by-one")
@dataclass(frozen=True)
class OneByOne:
    """Counts its replicates, and leaves details and a path."""

    batched: ClassVar[bool] = False

    def fit(self, problem):
        start = problem.start()
        loss = problem.loss(start)
        count = loss * 0 + problem.replicates
        return problem.solution(start, {0: start}, loss=loss, replicates=count)
'''
WHOLE = '''
import torch
from dataclasses import dataclass
from typing import ClassVar
from indmech_bench import register_method

@register_method("mixes")
@dataclass(frozen=True)
class Mixes:
    """Every row depends on all rows of its batch."""

    row_exact: ClassVar[bool] = False

    def fit(self, problem):
        middle = problem.observations.mean() * 1e-3
        start = {name: value + middle for name, value in problem.start().items()}
        count = torch.full((problem.replicates,), float(problem.replicates))
        return problem.solution(start, replicates=count)
'''


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    path = tmp_path / "grouped.py"
    path.write_text(ONE_BY_ONE + WHOLE)
    return path


def test_a_method_that_is_not_batched_gets_one_replicate_at_a_time_and_loses_nothing(plugin: Path) -> None:
    among = outcomes("one-by-one", [3, 4, 5], plugins=[plugin])
    alone = outcomes("one-by-one", [4], plugins=[plugin])
    assert [row["details"]["replicates"] for row in among.values()] == [1, 1, 1]
    assert all(row["status"] == "ok" and row["cost"] == 1 for row in among.values())
    assert among[4]["details"]["extrapolation_error@0"] == among[4]["metrics"]["extrapolation_error"]
    for name in ("metrics", "details", "cost", "truth"):
        assert alone[4][name] == among[4][name]


def test_rows_that_are_not_exact_are_the_same_whatever_else_is_asked_for(plugin: Path) -> None:
    alone, among = outcomes("mixes", [7], plugins=[plugin]), outcomes("mixes", [40, 7, 3], plugins=[plugin])
    assert [*alone] == [7]
    assert sorted(among) == [3, 7, 40]
    assert alone[7]["details"]["replicates"] == 32
    assert alone[7]["metrics"] == among[7]["metrics"]


def test_the_checks_give_a_method_its_replicates_as_a_run_does(plugin: Path) -> None:
    checks = ["settings", "runs", "shapes", "repeat", "batch", "budget"]
    assert_passed(check_method(plugin, tasks=["fir-natural"], checks=checks))
    plugin.write_text(WHOLE.replace("row_exact: ClassVar[bool] = False", ""))
    (finding,) = check_method(plugin, tasks=["fir-natural"], checks=["batch"])
    assert not finding.passed


def test_a_block_never_spans_scored_and_tuning_seeds() -> None:
    assert block_seeds(block_of(9_999)) == list(range(9_984, 10_000))
    assert block_seeds(block_of(10_000)) == list(range(10_000, 10_016))


def test_batches_hold_each_seed_once_whatever_the_method_can_do() -> None:
    seeds = [5, 6, 33, 70]
    for facts in ({}, {"batched": False}, {"row_exact": False}):
        parts = [*batches_of(facts, seeds, 3)]
        assert [seed for _, wanted in parts for seed in wanted] == seeds
        assert all(set(wanted) <= set(together) for together, wanted in parts)


def test_a_block_that_fails_is_not_divided(plugin: Path) -> None:
    asked = []

    def attempt(jobs: Sequence[Job], limit: float) -> list[Reply]:
        asked.extend(job["seeds"] for job in jobs)
        return [{"failure": "error", "reason": "broken", "output": ""}]

    rows = retries.outcomes(make_job("mixes", [3, 4], plugins=[plugin]), 10.0, attempt)
    assert asked == [[3, 4]]
    assert [row["status"] for row in rows] == ["error", "error"]


def test_jobs_are_as_large_as_fairness_and_memory_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block for a few rows, equal parts of many, never more than one time limit suffices for or memory holds."""
    monkeypatch.setattr(batches, "memory_limit", lambda: 64 << 30)
    assert seeds_of_a_job(100, 2) == 32
    assert seeds_of_a_job(1600, 2) == 100
    assert seeds_of_a_job(1600, 8) == 32
    assert seeds_of_a_job(1_000_000, 2) == 256
    monkeypatch.setattr(batches, "memory_limit", lambda: 2 << 30)
    assert seeds_of_a_job(1_000_000, 4) == 16
    monkeypatch.setattr(batches, "memory_limit", lambda: 1 << 20)
    assert seeds_of_a_job(1_000_000, 4) == 1

"""The rules for trying again, with attempts that cost no time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from conftest import make_job

from indmech_bench.harness import attempts as retries
from indmech_bench.harness.workers.messages import Job, Reply

JOB = make_job("adam", [0])
Attempt = Callable[[list[int]], str]
"""Seeds of an attempt -> what becomes of it: ok, or a kind of failure."""


class Scripted:
    """Attempts that follow a script, on a clock of their own: a timeout takes its limit, all else nothing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, behave: Attempt) -> None:
        self.behave, self.now, self.asked = behave, 0.0, []
        monkeypatch.setattr(retries.time, "monotonic", lambda: self.now)

    def __call__(self, jobs: Sequence[Job], limit: float) -> list[Reply]:
        (job,) = jobs
        seeds = job["seeds"]
        self.asked.append(seeds)
        what = self.behave(seeds)
        if what == "ok":
            return [{"outcomes": [{"seed": seed, "status": "ok", "reason": ""} for seed in seeds]}]
        if what == "timeout":
            self.now += limit
        return [{"failure": what, "reason": f"because of {what}", "output": "printed"}]

    def statuses(self, seeds: range, reference: bool = False) -> dict[int, str]:
        rows = retries.outcomes({**JOB, "seeds": list(seeds), "reference": reference}, 10.0, self)
        assert [row["seed"] for row in rows] == list(seeds)
        return {row["seed"]: row["status"] for row in rows}


def failing(bad: dict[int, str]) -> Attempt:
    """A batch meets what its first bad seed does."""
    return lambda seeds: next((bad[seed] for seed in seeds if seed in bad), "ok")


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {0: "error"},
        {2: "error", 5: "error", 6: "crashed", 7: "error"},
        {4: "timeout"},
        {3: "crashed", 4: "timeout"},
        dict.fromkeys(range(8), "crashed"),
        {1: "timeout", 6: "timeout"},
    ],
    ids=str,
)
def test_a_bad_seed_costs_no_other_seed_its_row(monkeypatch: pytest.MonkeyPatch, bad: dict[int, str]) -> None:
    got = Scripted(monkeypatch, failing(bad)).statuses(range(8))
    assert got == {seed: bad.get(seed, "ok") for seed in range(8)}


def test_a_good_batch_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted = Scripted(monkeypatch, failing({}))
    scripted.statuses(range(64))
    assert len(scripted.asked) == 1


def test_a_batch_that_raises_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted = Scripted(monkeypatch, failing({5: "error"}))
    scripted.statuses(range(8))
    assert scripted.asked == [
        [0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3], [4, 5, 6, 7], [4, 5], [4], [5], [6, 7],
    ]  # fmt: skip


def test_a_batch_that_times_out_goes_seed_by_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted = Scripted(monkeypatch, failing({5: "timeout"}))
    scripted.statuses(range(8))
    together, *alone = scripted.asked
    assert together == list(range(8))
    assert sorted(alone[:8]) == [[seed] for seed in range(8)]
    assert alone[8:] == [[5]], "those that their share did not suffice for come last"


def test_a_single_seed_that_crashed_is_tried_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    falls = iter(["crashed", "ok"])
    assert Scripted(monkeypatch, lambda seeds: next(falls)).statuses(range(1)) == {0: "ok"}
    scripted = Scripted(monkeypatch, failing({0: "crashed"}))
    assert scripted.statuses(range(1)) == {0: "crashed"}
    assert scripted.asked == [[0], [0]]


def test_all_attempts_take_four_time_limits_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted = Scripted(monkeypatch, failing(dict.fromkeys(range(8), "timeout")))
    rows = retries.outcomes({**JOB, "seeds": list(range(8))}, 10.0, scripted)
    assert scripted.now == 40
    assert [row["status"] for row in rows] == ["timeout"] * 8
    assert sorted(row["reason"].startswith(retries.NOT_RETRIED) for row in rows) == [False] * 2 + [True] * 6


@pytest.mark.parametrize("hanging", [range(14), range(0, 64, 5), range(63)], ids=str)
def test_seeds_that_hang_use_up_no_limit_of_the_others(monkeypatch: pytest.MonkeyPatch, hanging: range) -> None:
    """However many hang: those that do not have their rows, since every seed has its share of a limit first."""
    got = Scripted(monkeypatch, failing(dict.fromkeys(hanging, "timeout"))).statuses(range(64))
    assert got == {seed: "timeout" if seed in hanging else "ok" for seed in range(64)}


def test_a_batch_too_long_for_one_limit_has_all_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each seed takes half a limit: too long for its share, and no reason to give up any."""
    scripted = Scripted(monkeypatch, failing({}))

    def attempt(jobs: Sequence[Job], limit: float) -> list[Reply]:
        takes = 5.0 * len(jobs[0]["seeds"])
        scripted.now += min(takes, limit)
        scripted.behave = lambda seeds: "ok" if takes <= limit else "stopped"
        (reply,) = scripted(jobs, limit)
        return [reply if "outcomes" in reply else {"failure": "timeout", "reason": "too long", "output": ""}]

    rows = retries.outcomes({**JOB, "seeds": list(range(32))}, 10.0, attempt)
    assert [row["status"] for row in rows] == ["ok"] * 32


def test_a_skipped_method_is_skipped_at_once_and_a_reference_seed_by_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted = Scripted(monkeypatch, failing({1: "skipped"}))
    assert scripted.statuses(range(4)) == dict.fromkeys(range(4), "skipped")
    assert len(scripted.asked) == 1
    assert scripted.statuses(range(4), reference=True) == {0: "ok", 1: "skipped", 2: "ok", 3: "ok"}


def test_a_failure_keeps_its_reason_and_what_it_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    job: Any = {**JOB, "seeds": [0, 1]}
    rows = retries.outcomes(job, 10.0, Scripted(monkeypatch, failing({1: "error"})))
    assert [(row["reason"], row.get("output")) for row in rows] == [("", None), ("because of error", "printed")]

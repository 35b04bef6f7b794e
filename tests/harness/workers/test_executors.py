"""Executors that lose, garble, swap and keep jobs to themselves: they cost their own jobs, and nothing is false."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest
import typer

from indmech_bench import run
from indmech_bench.harness.attempts import outcomes_together
from indmech_bench.harness.benchmark import Report
from indmech_bench.harness.options import RunOptions
from indmech_bench.harness.workers import submitting
from indmech_bench.harness.workers.running import in_place

Rows = dict[str, dict[str, Any]]
SEEDS = 2
TOTAL = 10 * SEEDS


class Honest(Executor):
    """Answers in this process, without a runner."""

    def __init__(self) -> None:
        self.given = 0

    def answer(self, jobs: Any, timeout: float) -> Any:
        return outcomes_together(jobs, timeout, in_place)

    def submit(self, work: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
        self.given += 1
        future: Future[Any] = Future()
        future.set_result(self.answer(*arguments))
        return future


class Lying(Honest):
    """Tells a lie in the place of each answer about some methods; the first `times` times only, if that is given."""

    def __init__(self, lie: Callable[[Any, Any], Any], about: str = "adam", times: int | None = None) -> None:
        super().__init__()
        self.lie, self.about, self.times = lie, about, times

    def answer(self, jobs: Any, timeout: float) -> Any:
        true = super().answer(jobs, timeout)
        if jobs[0]["method"] != self.about or self.times == 0:
            return true
        self.times = None if self.times is None else self.times - 1
        return self.lie(jobs, true)


def benchmark(folder: Path, jobs: Any, **options: Any) -> Report:
    methods = ["adam:steps=2", "adam:steps=3"]
    return run(tasks=["fir-natural"], methods=methods, seeds=str(SEEDS), out=folder, jobs=jobs, **options)


def rows_of(folder: Path) -> Rows:
    """What the rows say, by key, each there once, but for what differs between two runs."""
    rows = [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]
    assert len({row["key"] for row in rows}) == len(rows)
    return {row["key"]: {k: v for k, v in row.items() if k not in ("run", "seconds", "check")} for row in rows}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    folder = tmp_path_factory.mktemp("whole") / "r"
    assert str(benchmark(folder, Honest())) == f"{TOTAL} ok, 0 failed, 0 skipped"
    return rows_of(folder)


def other_seed(true: Any) -> Any:
    return [[{**outcome, "seed": 999} if n == 0 else outcome for n, outcome in enumerate(one)] for one in true]


def turned(true: Any) -> Any:
    """The same seeds, each with what another one came to."""
    return [[{**outcome, "seed": one[n - 1]["seed"]} for n, outcome in enumerate(one)] for one in true]


def better(true: Any) -> Any:
    return [[{**outcome, "metrics": {**outcome["metrics"], "score": 1.0}} for outcome in one] for one in true]


def foreign(jobs: Any, true: Any) -> Any:
    """What the other of two methods came to."""
    return outcomes_together([{**job, "settings": {**job["settings"], "steps": 5}} for job in jobs], 60, in_place)


LIES: dict[str, Callable[[Any, Any], Any]] = {
    "nothing": lambda jobs, true: None,
    "not a number": lambda jobs, true: math.nan,
    "a number": lambda jobs, true: 123,
    "text": lambda jobs, true: "x" * len(jobs),
    "garbage": lambda jobs, true: [[{"seed": 0, "status": "ok"}]],
    "garbage among outcomes": lambda jobs, true: [[*one[:-1], 3] for one in true],
    "an unknown status": lambda jobs, true: [[{**o, "status": "fine"} for o in one] for one in true],
    "another seed": lambda jobs, true: other_seed(true),
    "too few": lambda jobs, true: [one[:-1] for one in true],
    "a seed twice": lambda jobs, true: [[*one[:-1], one[0]] for one in true],
    "seeds turned": lambda jobs, true: turned(true),
    "another cell": foreign,
    "a better score": lambda jobs, true: better(true),
    "an endless number": lambda jobs, true: [[{**o, "cost": math.inf} for o in one] for one in true],
    "what no JSON holds": lambda jobs, true: [[{**o, "details": {"a": {1, 2}}} for o in one] for one in true],
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_costs_its_own_jobs_alone_and_is_never_written(
    tmp_path: Path, whole: Rows, lie: Callable[[Any, Any], Any]
) -> None:
    executor = Lying(lie)
    report = benchmark(tmp_path / "r", executor)
    assert str(report) == f"{TOTAL - 2 * SEEDS} ok, {2 * SEEDS} failed, 0 skipped"
    assert executor.given == 8 + 2 * submitting.SUBMISSIONS
    rows = rows_of(tmp_path / "r")
    assert rows.keys() == whole.keys()
    for key, row in rows.items():
        if row["method"] == "adam":
            assert (row["status"], row["metrics"]) == ("crashed", {})
            assert row["reason"].startswith("lost 3 times; the last time its worker gave ")
        else:
            assert row == whole[key]


def test_a_lie_that_is_told_once_costs_nothing(tmp_path: Path, whole: Rows) -> None:
    assert benchmark(tmp_path / "r", Lying(LIES["another seed"], times=2)).ok == TOTAL
    assert rows_of(tmp_path / "r") == whole


class Failing(Honest):
    """Has every third future end in some other way, at its first submission."""

    def __init__(self, end: Callable[[Future[Any]], None]) -> None:
        super().__init__()
        self.end, self.seen = end, set[tuple[str, str]]()

    def submit(self, work: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
        (job, *_), _ = arguments
        name = job["method"], json.dumps(job["settings"])
        self.given += 1
        if self.given % 3 or name in self.seen:
            return super().submit(work, *arguments)
        self.seen.add(name)
        future: Future[Any] = Future()
        self.end(future)
        return future


ENDS: dict[str, Callable[[Future[Any]], None]] = {
    "raises": lambda future: future.set_exception(ValueError("no")),
    "time is over": lambda future: future.set_exception(TimeoutError()),
    "its pool is broken": lambda future: future.set_exception(BrokenProcessPool("gone")),
    "is cancelled": lambda future: (future.cancel(), future.set_running_or_notify_cancel()),
    "says it was cancelled": lambda future: future.set_exception(CancelledError()),
    "is cancelled as a coroutine": lambda future: future.set_exception(asyncio.CancelledError()),
    "exits": lambda future: future.set_exception(SystemExit(3)),
}  # fmt: skip


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_future_that_ends_badly_is_run_again(tmp_path: Path, whole: Rows, end: Callable[[Future[Any]], None]) -> None:
    assert benchmark(tmp_path / "r", Failing(end)).ok == TOTAL
    assert rows_of(tmp_path / "r") == whole


class Silent(Honest):
    """Never answers about some methods."""

    def submit(self, work: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
        (job, *_), _ = arguments
        return Future() if job["method"] == "adam" else super().submit(work, *arguments)


def test_a_silent_future_costs_its_own_job_alone(tmp_path: Path, whole: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submitting, "GRACE", 0.0)
    monkeypatch.setattr("indmech_bench.harness.workers.running.longest", lambda jobs, timeout: 0.2)
    report = benchmark(tmp_path / "r", Silent())
    assert (report.ok, report.failed, report.left) == (TOTAL - 2 * SEEDS, 2 * SEEDS, 0)
    kept = {key: row for key, row in rows_of(tmp_path / "r").items() if row["method"] != "adam"}
    assert kept.items() <= whole.items()


class Closing(Honest):
    """Takes no more work after a few jobs: it raises, or gives what is no future."""

    def __init__(self, most: int, gives: Any = None) -> None:
        super().__init__()
        self.most, self.gives = most, gives

    def submit(self, work: Any, /, *arguments: Any, **_: Any) -> Any:
        if self.given < self.most:
            return super().submit(work, *arguments)
        if self.gives is None:
            raise RuntimeError("cannot schedule new futures after shutdown")
        return self.gives


@pytest.mark.parametrize("gives", [None, 3, math.nan, "later"], ids=str)
def test_an_executor_that_takes_no_more_work_ends_the_run_and_the_same_command_goes_on(
    tmp_path: Path, whole: Rows, gives: Any
) -> None:
    report = benchmark(tmp_path / "r", Closing(7, gives))
    assert str(report) == f"{7 * SEEDS} ok, 0 failed, 0 skipped, {3 * SEEDS} left"
    assert report.why_left
    assert rows_of(tmp_path / "r").items() <= whole.items()
    again = benchmark(tmp_path / "r", Honest())
    assert (again.ok, again.left, again.resumed) == (TOTAL, 0, 7 * SEEDS)
    assert rows_of(tmp_path / "r") == whole


def test_one_job_that_cannot_be_submitted_costs_no_other_its_rows(tmp_path: Path, whole: Rows) -> None:
    class Particular(Honest):
        def submit(self, work: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
            (job, *_), _ = arguments
            if job["settings"].get("steps") == 2:
                raise ValueError("not this one")
            return super().submit(work, *arguments)

    report = benchmark(tmp_path / "r", Particular())
    assert (report.ok, report.left, report.why_left) == (TOTAL - SEEDS, SEEDS, "ValueError: not this one")
    assert rows_of(tmp_path / "r").items() <= whole.items()


PLUGIN = '''
import os, signal
from dataclasses import dataclass
from indmech_bench import register_method

@register_method("patient")
@dataclass(frozen=True)
class Patient:
    """Kills the worker of a process pool that its runner belongs to, the first time."""
    mark: str = ""
    def fit(self, problem):
        try:
            os.close(os.open(self.mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return problem.solution(problem.start())
        runner = int(open(f"/proc/{os.getppid()}/stat").read().rpartition(")")[2].split()[1])
        os.kill(runner, signal.SIGKILL)
        signal.pause()
'''


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_a_process_pool_whose_worker_is_killed_ends_the_run_and_the_same_command_goes_on(tmp_path: Path) -> None:
    plugin = tmp_path / "plug.py"
    plugin.write_text(PLUGIN)
    options: dict[str, Any] = {
        "tasks": ["fir-natural"], "methods": ["adam:steps=2", f"patient:mark={tmp_path / 'mark'}"], "seeds": "2",
        "out": tmp_path / "r", "plugins": [plugin], "with_references": False,
    }  # fmt: skip
    with ProcessPoolExecutor(1) as pool:
        broken = run(**options, jobs=pool)
    assert (broken.ok, broken.failed, broken.left) == (2, 0, 2)
    assert "BrokenProcessPool" in broken.why_left
    again = run(**options, jobs=0)
    assert (again.ok, again.left, again.resumed) == (4, 0, 2)


def test_what_is_left_is_said_and_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from indmech_bench.cli import running

    report = benchmark(tmp_path / "r", Closing(9))
    with pytest.raises(typer.Exit) as ended:
        running._end(report, RunOptions(), None)
    assert ended.value.exit_code == 1
    said = capsys.readouterr()
    assert "2 rows are left (RuntimeError: cannot schedule new futures after shutdown): the same command" in said.err
    assert said.out.splitlines()[-1] == f"{TOTAL - SEEDS} ok, 0 failed, 0 skipped, {SEEDS} left"

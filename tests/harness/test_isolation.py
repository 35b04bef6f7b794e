"""A method that misbehaves on some seeds: every seed has its row, nobody else is touched, nothing is gained."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, make_job
from documents import records

from indmech_bench.harness.replicates import pose_problem
from indmech_bench.registry.registration import get_task
from indmech_bench.results.files import row_file_name

PLUGIN = '''
import hashlib, os, signal, sys, time
from dataclasses import dataclass

import torch

from indmech_bench import register_method

SEEDS = {seeds!r}


@register_method("well-behaved")
@dataclass(frozen=True)
class WellBehaved:
    """Does nothing at all, in order."""

    def fit(self, problem):
        return problem.solution(problem.start())


@register_method("misbehaving")
@dataclass(frozen=True)
class Misbehaving:
    """Knows its seeds by their observations."""

    def fit(self, problem):
        parameters = problem.start()
        print("x" * 1_000_000)
        for row, observed in enumerate(problem.observations):
            seed = SEEDS[hashlib.sha256(observed.numpy().tobytes()).hexdigest()]
            if seed in (2, 5):
                raise ArithmeticError(f"I do not like\\nseed {{seed}}")
            if seed == 3:
                parameters["k1"][row] = torch.nan
            if seed == 4:
                time.sleep(600)
            if seed == 6:
                os.kill(os.getpid(), signal.SIGKILL)
            if seed == 7:
                torch.empty(1 << 45, dtype=torch.float64)
            if seed == 8:
                sys.exit(0)
        return problem.solution(parameters)
'''
EXPECTED = {
    2: ("error", "ArithmeticError: I do not like seed 2"),
    3: ("nonfinite", "the solution is not finite"),
    4: ("timeout", "over the limit of 3 s"),
    5: ("error", "ArithmeticError: I do not like seed 5"),
    6: ("crashed", "the process died of SIGKILL"),
    7: ("error", "RuntimeError"),
    8: ("error", "SystemExit: 0"),
}


def digests(seeds: range) -> dict[str, int]:
    """Seed of each observation as a method of `fir-natural` sees it."""
    problem = pose_problem(make_job("adam", list(seeds)), get_task("fir-natural"))
    return {
        hashlib.sha256(row.numpy().tobytes()).hexdigest(): seed
        for seed, row in zip(seeds, problem.observations, strict=True)
    }


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]


def test_a_misbehaving_method_harms_only_its_own_seeds_and_gains_nothing(cli: Cli, tmp_path: Path) -> None:
    seeds = range(12)
    (tmp_path / "plug.py").write_text(PLUGIN.format(seeds=digests(seeds)))
    names = ("--method", "misbehaving", "--method", "well-behaved", "--method", "adam:steps=10")
    made = cli("run", "--task", "fir-natural", *names, "--seeds", "12", "--plugin", "plug.py", "--timeout", "3",
               "--out", "r")  # fmt: skip
    assert made.returncode == 1, made.stderr
    assert made.stdout.splitlines()[-1] == f"{11 * 12 - 7} ok, 7 failed, 0 skipped"
    assert "Traceback" not in made.stderr
    assert "xxx" not in made.stdout + made.stderr

    rows = rows_of(tmp_path / "r")
    assert len(rows) == len({row["key"] for row in rows}) == 11 * 12
    mine = {row["seed"]: row for row in rows if row["method"] == "misbehaving"}
    for seed in seeds:
        status, reason = EXPECTED.get(seed, ("ok", ""))
        assert mine[seed]["status"] == status, mine[seed]
        assert mine[seed]["reason"].startswith(reason)
        assert bool(mine[seed]["metrics"]) == (status == "ok")
    others = [row for row in rows if row["method"] != "misbehaving"]
    assert all(row["status"] == "ok" for row in others)

    same = {row["seed"]: row["metrics"] for row in rows if row["method"] == "well-behaved"}
    assert all(mine[seed]["metrics"] == same[seed] for seed in seeds if seed not in EXPECTED)

    shown = cli("status", "r", "--failures").stdout
    line = (
        r"misbehaving +error +\d +fir-natural \(seeds? [\d, ]*5.*\) +ArithmeticError: I do not like seed \d +r/errors/"
    )
    assert re.search(line, shown)
    traceback = (tmp_path / f"r/errors/{row_file_name(mine[5])}.txt").read_text()
    assert "raise ArithmeticError" in traceback
    assert "xxx" in traceback
    assert len(traceback) < 30_000

    lines = {line["method"]: line for line in records(cli("leaderboard", "r", "--format", "json").stdout)}
    bad, good = lines["misbehaving"], lines["well-behaved"]
    assert (bad["ok"], bad["failed"], bad["missing"]) == (5, 7, 0)
    assert bad["score"] < good["score"]
    assert bad["rank"] > good["rank"]
    assert bad["identified"] <= good["identified"]
    assert bad["median_extrapolation_error"] == "inf"


def test_failures_stay_done_until_they_are_retried(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "plug.py").write_text(PLUGIN.format(seeds=digests(range(4))))
    command = ("run", "--task", "fir-natural", "--method", "misbehaving", "--seeds", "4", "--plugin", "plug.py",
               "--out", "r")  # fmt: skip
    cli(*command)
    before = (tmp_path / "r/runs.jsonl").read_text()
    again = cli(*command)
    assert again.returncode == 1
    assert again.stdout.splitlines() == ["36 rows were there already", "34 ok, 2 failed, 0 skipped"]
    assert (tmp_path / "r/runs.jsonl").read_text() == before
    retried = cli(*command, "--retry-failed")
    assert retried.stdout.splitlines() == ["34 rows were there already", "34 ok, 2 failed, 0 skipped"]
    after = (tmp_path / "r/runs.jsonl").read_text()
    assert after.startswith(before)
    assert len(after.splitlines()) == 38
    assert len(records(cli("leaderboard", "r", "--format", "json").stdout)) == 9


def test_fresh_keeps_what_was_there(cli: Cli, tmp_path: Path) -> None:
    command = ("run", "--task", "fir-natural", "--method", "adam:steps=2", "--seeds", "1", "--out", "r")
    cli(*command)
    before = (tmp_path / "r/runs.jsonl").read_text()
    made = cli(*command, "--fresh")
    aside = Path(made.stderr.split("the folder that was there is now ")[1].splitlines()[0])
    assert (tmp_path / aside / "runs.jsonl").read_text() == before
    assert len(rows_of(tmp_path / "r")) == 9


LEAVES_A_PROCESS = '''
import os, subprocess, time
from dataclasses import dataclass

from indmech_bench import register_method


@register_method("leaves-a-process")
@dataclass(frozen=True)
class Leaves:
    """Forks a process that outlives it and holds its pipes open."""

    detached: bool = False

    def fit(self, problem):
        if os.fork() == 0:
            if self.detached:
                os.setsid()
            with open(os.environ["LEFT"], "a") as file:
                file.write(f"{os.getpid()}\\n")
            time.sleep(5 if self.detached else 600)
            os._exit(0)
        return problem.solution(problem.start())
'''


@pytest.mark.parametrize("detached", [False, True])
def test_a_process_that_a_method_leaves_behind_delays_nothing(cli: Cli, tmp_path: Path, detached: bool) -> None:
    (tmp_path / "plug.py").write_text(LEAVES_A_PROCESS)
    left = tmp_path / "left"
    before = time.monotonic()
    made = cli("run", "--task", "fir-natural", "--method", f"leaves-a-process:detached={str(detached).lower()}",
               "--seeds", "1", "--plugin", "plug.py", "--out", "r", env={**os.environ, "LEFT": str(left)})  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert time.monotonic() - before < 60
    if not detached:
        assert not any(_alive(int(pid)) for pid in left.read_text().split())


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_runner_that_is_killed_is_a_crash_and_is_started_anew(tmp_path: Path) -> None:
    from indmech_bench.harness.workers.handle import Runner

    runner = Runner()
    try:
        assert "outcomes" in runner.attempt([make_job("white", [0])], 60)[0]
        process = runner._process
        assert isinstance(process, subprocess.Popen)
        os.kill(process.pid, signal.SIGKILL)
        (reply,) = runner.attempt([make_job("white", [0])], 60)
        if "failure" in reply:  # it may have been seen dead before the job was sent
            assert (reply["failure"], reply["reason"]) == ("crashed", "the runner process died")
            (reply,) = runner.attempt([make_job("white", [0])], 60)
        assert "outcomes" in reply
    finally:
        runner.close()


WRITES_EVERYWHERE = """
import os
from dataclasses import dataclass

from indmech_bench import register_method


@register_method("writes-everywhere")
@dataclass(frozen=True)
class Writes:
    \"\"\"Writes into every descriptor that it finds open.\"\"\"

    text: str = "123"
    end: bool = False

    def fit(self, problem):
        for file in os.listdir("/proc/self/fd"):
            if int(file) > 2:
                try:
                    os.write(int(file), self.text.encode() + b"\\n")
                except OSError:
                    continue
        if self.end:
            os._exit(0)
        return problem.solution(problem.start())
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads /proc")
def test_what_a_method_writes_into_its_descriptors_is_no_answer(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "plug.py").write_text(WRITES_EVERYWHERE)
    texts = ("123", "[3]", "[null]")
    names = [word for text in texts for word in ("--method", f"writes-everywhere:text={text}")]
    made = cli("run", "--task", "fir-natural", *names, "--method", "writes-everywhere:end=true", "--method",
               "adam:steps=2", "--seeds", "2", "--jobs", "1", "--plugin", "plug.py", "--out", "r")  # fmt: skip
    assert "Traceback" not in made.stderr
    assert made.stdout.splitlines()[-1] == "24 ok, 2 failed, 0 skipped"
    for row in rows_of(tmp_path / "r"):
        ended = row["settings"].get("end", False)
        assert (row["status"], row["reason"]) == (
            ("crashed", "the process exited with 0 before it answered") if ended else ("ok", "")
        )


def test_a_runner_that_is_stopped_is_given_up_and_started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    from indmech_bench.harness.workers import handle

    runner = handle.Runner()
    try:
        assert "outcomes" in runner.attempt([make_job("white", [0])], 60)[0]
        process = runner._process
        assert process is not None
        os.kill(process.pid, signal.SIGSTOP)
        monkeypatch.setattr(handle, "GRACE", 0.5)
        (reply,) = runner.attempt([make_job("white", [0])], 0.5)
        assert (reply["failure"], reply["reason"]) == ("crashed", "the runner process was silent for 1 s")
        assert process.poll() is not None
        monkeypatch.setattr(handle, "GRACE", 300)
        assert "outcomes" in runner.attempt([make_job("white", [0])], 60)[0]
    finally:
        runner.close()


def test_never_tried_seeds_come_apart_from_those_that_hung(tmp_path: Path) -> None:
    """On --retry-failed seeds that hung alone use up no limit of those that were not tried."""
    from indmech_bench.harness.benchmark import _groups
    from indmech_bench.harness.cells import make_cells
    from indmech_bench.registry.catalogue import Catalogue

    (*_, cell) = make_cells(
        Catalogue.read(), ["fir-natural"], ["adam"], salt="", budget=None, precision="float64", training="fused"
    )
    keys = cell.keys(range(6))
    reasons = {0: "over the limit of 1 s", 1: "not retried: 4 time limits of 1 s are spent", 3: "ValueError: no"}
    rows: Any = {keys[seed]: {"reason": reason} for seed, reason in reasons.items()}
    assert [*_groups(cell, range(5), rows)] == [[1, 2, 4], [0, 3]]

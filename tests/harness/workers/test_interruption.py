"""Runs that are killed, interrupted, doubled or denied the disk: nothing computed is lost, nothing is doubled."""

from __future__ import annotations

import ctypes
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli

COMMAND = [
    sys.executable, "-m", "indmech_bench.cli", "run", "--task", "fir-natural",
    *(word for steps in (200, 210, 220, 230) for word in ("--method", f"adam:steps={steps}")),
    "--seeds", "6",
]  # fmt: skip
ROWS = (4 + 8) * 6
PLUGIN = '''
import time
from dataclasses import dataclass
from pathlib import Path

from indmech_bench import register_method


@register_method("slow")
@dataclass(frozen=True)
class Slow:
    """Takes a minute."""

    def fit(self, problem):
        Path("begun").touch()
        time.sleep(60)
        return problem.solution(problem.start())


@register_method("loud")
@dataclass(frozen=True)
class Loud:
    """Fails."""

    def fit(self, problem):
        raise ValueError("no")
'''


def content(folder: Path) -> dict[str, tuple[Any, ...]]:
    """What the rows of a folder say, by key, but for the time they took."""
    rows = [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]
    assert len({row["key"] for row in rows}) == len(rows), "a row is there twice"
    return {row["key"]: (row["status"], row["metrics"], row["truth"], row["details"], row["cost"]) for row in rows}


def marked(mark: str) -> list[int]:
    """Living processes whose environment holds a mark."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (place / "environ").read_bytes():
                found.append(int(place.name))
        except OSError:
            continue
    return found


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a run in its own process group; processes of it that are left are ended after the test."""
    mark = f"MARK={tmp_path}"

    def begin(command: list[str], **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command, cwd=tmp_path, env={**os.environ, "MARK": str(tmp_path)}, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
        )  # fmt: skip

    yield begin
    for pid in marked(mark):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")
def test_kills_lose_nothing(
    tmp_path: Path, start: Callable[..., subprocess.Popen[str]], request: pytest.FixtureRequest
) -> None:
    undisturbed = start([*COMMAND, "--out", "whole"])
    before = time.monotonic()
    undisturbed.communicate()
    assert undisturbed.returncode == 0
    whole_takes = time.monotonic() - before
    generator = random.Random(20261124)
    seen: dict[str, tuple[Any, ...]] = {}
    for _ in range(request.config.getoption("kills")):
        killed = start([*COMMAND, "--out", "r"])
        time.sleep(generator.uniform(0.1, 0.8) * whole_takes)
        killed.kill()
        killed.wait()
        assert wait_for(lambda: not marked(f"MARK={tmp_path}"), 2), "a process has survived its run by 2 seconds"
        runs = tmp_path / "r/runs.jsonl"
        if runs.exists():
            lines = runs.read_text().splitlines(keepends=True)
            if lines and not lines[-1].endswith("\n"):
                continue  # torn: the next run takes the line away
            now = content(tmp_path / "r")
            assert seen.items() <= now.items()
            seen = now
    resumed = start([*COMMAND, "--out", "r"])
    out, _ = resumed.communicate()
    assert resumed.returncode == 0
    assert out.splitlines()[-1] == f"{ROWS} ok, 0 failed, 0 skipped"
    assert content(tmp_path / "r") == content(tmp_path / "whole")


linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends a runner with its run on Linux only")


@linux
def test_a_runner_that_still_imports_ends_with_its_run(
    tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    run = start([*COMMAND, "--out", "r"])
    assert wait_for(lambda: len(marked(f"MARK={tmp_path}")) > 1, 60)
    run.kill()
    run.wait()
    assert wait_for(lambda: not marked(f"MARK={tmp_path}"), 2)


@linux
def test_a_runner_whose_run_has_ended_before_it_began_ends_at_once() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    runner = subprocess.run(
        [sys.executable, "-m", "indmech_bench.runner", str(gone.pid)],
        input="", capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (runner.returncode, runner.stdout) == (1, "")


def test_interrupt_stops_cleanly_and_says_how_to_go_on(
    tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    (tmp_path / "plug.py").write_text(PLUGIN)
    command = [*COMMAND[:4], "--task", "fir-natural", "--method", "slow", "--plugin", "plug.py", "--seeds", "1",
               "--jobs", "2", "--out", "r"]  # fmt: skip
    # a shell's background jobs, and so perhaps these tests, have interrupts ignored; a user at a terminal has not
    process = start(command, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    assert wait_for((tmp_path / "begun").exists, 60)
    assert wait_for(lambda: len((tmp_path / "r/runs.jsonl").read_text().splitlines()) == 8, 60)
    os.killpg(process.pid, signal.SIGINT)  # a terminal interrupts the whole group
    before = time.monotonic()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - before < 10
    assert "interrupted; what is finished is kept, and the same command goes on from there." in err
    assert "Traceback" not in err
    assert wait_for(lambda: not marked(f"MARK={tmp_path}"), 2)
    assert len(content(tmp_path / "r")) == 8


def test_a_second_run_on_one_folder_refuses_and_names_the_first(
    cli: Cli, tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    (tmp_path / "plug.py").write_text(PLUGIN)
    command = ["run", "--task", "fir-natural", "--method", "slow", "--plugin", "plug.py", "--seeds", "1", "--out", "r"]
    first = start([*COMMAND[:3], *command])
    assert wait_for((tmp_path / "begun").exists, 60)
    for extra in ([], ["--fresh"]):
        second = cli(*command, *extra)
        assert second.returncode == 2
        assert f"is being written to by process {first.pid} on " in second.stderr
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["r"]
    assert cli("status", "r").returncode == 0  # reading is free
    first.kill()
    first.wait()
    assert cli("run", "--task", "fir-natural", "--method", "adam:steps=2", "--seeds", "1", "--out", "r").returncode == 0


def test_a_disk_that_fills_up_is_said_and_a_resume_completes(
    tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))

    full = start([*COMMAND, "--out", "r"], preexec_fn=little_room)
    _, err = full.communicate()
    assert full.returncode == 2
    assert "cannot write to 'r': " in err
    assert "what was written before is kept" in err
    assert "Traceback" not in err
    kept = content(tmp_path / "r")
    assert 0 < len(kept) < ROWS
    resumed = start([*COMMAND, "--out", "r"])
    out, _ = resumed.communicate()
    assert out.splitlines()[-1] == f"{ROWS} ok, 0 failed, 0 skipped"
    assert kept.items() <= content(tmp_path / "r").items()


def _mind_permissions() -> None:
    """Have even root obey the permissions of files: CAP_DAC_OVERRIDE leaves the bounding set."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)


def test_a_read_only_folder_is_said_and_left_as_it_is(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "plug.py").write_text(PLUGIN)
    command = ("run", "--task", "fir-natural", "--method", "adam:steps=2", "--method", "loud", "--plugin", "plug.py",
               "--out", "r")  # fmt: skip
    assert cli(*command, "--seeds", "1").returncode == 1
    before = {path: path.read_bytes() for path in (tmp_path / "r").rglob("*") if path.is_file()}
    for files, said in ((0o444, "cannot write to 'r': Permission denied"), (0o644, "cannot write to 'r': ")):
        for path in before:
            path.chmod(files)
        (tmp_path / "r/errors").chmod(0o555)
        (tmp_path / "r").chmod(0o555)
        made = subprocess.run(
            [sys.executable, "-m", "indmech_bench.cli", *command, "--seeds", "2"],
            cwd=tmp_path, capture_output=True, text=True, preexec_fn=_mind_permissions,
        )  # fmt: skip
        (tmp_path / "r").chmod(0o755)
        (tmp_path / "r/errors").chmod(0o755)
        assert made.returncode == 2
        assert said in made.stderr
        assert "Traceback" not in made.stderr
        assert {path: path.read_bytes() for path in before if path.name != "lock"} == {
            path: data for path, data in before.items() if path.name != "lock"
        }
    assert cli(*command, "--seeds", "2").stdout.splitlines()[-1] == "18 ok, 2 failed, 0 skipped"


def test_output_that_cannot_be_kept_costs_no_row(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "plug.py").write_text(PLUGIN)
    (tmp_path / "r").mkdir()
    (tmp_path / "r/errors").touch()  # a file where the folder should be
    command = ("run", "--task", "fir-natural", "--method", "loud", "--plugin", "plug.py", "--seeds", "1", "--jobs", "1",
               "--out", "r")  # fmt: skip
    made = cli(*command)
    assert made.returncode == 2
    assert "cannot write to 'r': File exists" in made.stderr
    assert any(status == "error" for status, *_ in content(tmp_path / "r").values())
    (tmp_path / "r/errors").unlink()
    assert cli(*command).stdout.splitlines()[-1] == "8 ok, 1 failed, 0 skipped"

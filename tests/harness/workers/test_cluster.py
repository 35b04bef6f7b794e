"""A Dask cluster: a scheduler and two workers of their own, one of which is killed while its runner holds a cell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from indmech_bench import run
from indmech_bench.errors import InputError
from indmech_bench.harness.workers.cluster import Cluster
from indmech_bench.harness.workers.handle import NoWorkError
from indmech_bench.harness.workers.remote import Plugin, RemoteWork

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
PATIENCE = 240
PLUGIN = '''
import os
import signal
from dataclasses import dataclass

import neighbour
from indmech_bench import register_method

@register_method("holds")
@dataclass(frozen=True)
class Holds:
    """Says who runs it and waits to be killed, the first time; then gives its start back."""
    mark: str = ""
    def fit(self, problem):
        try:
            file = os.open(self.mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError:
            return problem.solution(problem.start(), number=problem.loss(problem.start()) * 0 + neighbour.NUMBER)
        os.write(file, f"{os.getpid()} {os.getppid()}\\n".encode())
        os.close(file)
        signal.pause()
'''


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_for(condition: Callable[[], object]) -> bool:
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(condition())


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of a scheduler, and its two workers of one thread each; they are at home elsewhere."""
    home = tmp_path / "home"
    home.mkdir()
    told = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--scheduler-file", str(told), "--no-dashboard"]
    command += ["--port", "0", "--host", "127.0.0.1"]
    env = {**os.environ, "DASK_DISTRIBUTED__WORKER__DAEMON": "False"}
    options: dict[str, Any] = {"cwd": home, "env": env, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [subprocess.Popen(command, **options)]
    try:
        assert wait_for(lambda: told.exists() and told.read_text().endswith("}"))
        address = json.loads(told.read_text())["address"]
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1"]
        processes += [subprocess.Popen([*worker, "--no-dashboard"], **options) for _ in range(2)]
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def content(folder: Path) -> dict[str, dict[str, Any]]:
    rows = [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]
    assert len({row["key"] for row in rows}) == len(rows), "a row is there twice"
    return {row["key"]: {k: v for k, v in row.items() if k not in ("run", "seconds", "check")} for row in rows}


@linux
def test_a_worker_that_is_killed_costs_no_row(
    tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = cluster
    plugin, mark = tmp_path / "plug.py", tmp_path / "mark"
    plugin.write_text(PLUGIN)
    (tmp_path / "neighbour.py").write_text("NUMBER = 7\n")
    options: dict[str, Any] = {
        "tasks": ["fir-natural"], "methods": ["adam:steps=2", "adam:steps=3", f"holds:mark={mark}"], "seeds": "3",
        "plugins": [plugin],
    }  # fmt: skip
    killed: list[int] = []

    def kill() -> None:
        if wait_for(lambda: mark.exists() and mark.read_text().endswith("\n")):
            child, runner = map(int, mark.read_text().split())
            worker = parent_of(runner)
            assert worker in [process.pid for process in workers]
            os.kill(worker, signal.SIGKILL)
            killed.extend((worker, runner, child))

    killer = threading.Thread(target=kill)
    killer.start()
    report = run(**options, dask=address, out=tmp_path / "r")
    killer.join()
    assert str(report) == "33 ok, 0 failed, 0 skipped"
    assert len(killed) == 3
    for process in workers:
        process.poll()
    assert wait_for(lambda: not any(map(lives, killed))), "a runner has survived its worker"
    run(**options, out=tmp_path / "here", jobs=0)  # the mark is there: nothing is held
    assert content(tmp_path / "r") == content(tmp_path / "here")


def test_where_no_scheduler_is_a_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indmech_bench.harness.workers.cluster.CONNECT", 0.2)
    options: dict[str, Any] = {"tasks": ["fir-natural"], "methods": ["adam"], "seeds": "1", "out": tmp_path / "r"}
    for address in ("tcp://127.0.0.1:9", "nonsense", "nonsense://x"):
        with pytest.raises(InputError, match=f"no Dask scheduler answers at --dask '{address}'"):
            run(**options, dask=address)
    with pytest.raises(InputError, match="--dask and --jobs exclude each other"):
        run(**options, dask="tcp://127.0.0.1:9", jobs=2)
    assert not (tmp_path / "r").exists()


def test_a_worker_with_other_code_refuses_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from conftest import make_job

    plugin = tmp_path / "plug.py"
    plugin.write_text(PLUGIN)
    (tmp_path / "neighbour.py").write_text("NUMBER = 7\n")
    monkeypatch.setattr("indmech_bench.harness.workers.remote.PAUSE", 0)
    job = make_job("holds:mark=/x", [0], plugins=[plugin])
    sent = Plugin.read(plugin)
    assert set(sent.files) == {"plug.py", "neighbour.py"}
    other = Plugin("plug.py", {**sent.files, "neighbour.py": "NUMBER = 8\n"})
    for changes, plugins, said in (
        ({}, (other,), f"has holds of source [0-9a-f]{{16}}, and this run has {job['source']}"),
        ({"engine": job["engine"] + 1}, (sent,), f"has engine {job['engine']}, and this run has"),
        ({"task_version": 99}, (sent,), "has fir-natural of version 1, and this run has 99"),
        ({"method": "holds-not"}, (sent,), "unknown method 'holds-not'"),
        ({}, (), "unknown method 'holds'"),
    ):
        with pytest.raises(NoWorkError, match=rf"worker .+, process {os.getpid()}.*{said}"):
            RemoteWork(plugins)([{**job, **changes}], 60)


def test_a_client_whose_scheduler_is_gone_takes_no_more_work() -> None:
    """While it tries to reach the scheduler it would take futures that never end."""

    class Client:
        statuses = iter(["connecting", "connecting", "closed"])

        @property
        def status(self) -> str:
            return next(self.statuses, "closed")

        def get_executor(self, pure: bool) -> None:
            return None

    with pytest.raises(ConnectionError, match="the Dask scheduler is gone"):
        Cluster(Client()).submit(print)

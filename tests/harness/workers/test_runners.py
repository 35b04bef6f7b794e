"""A runner that dies or falls silent is a crash, and is started anew."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest
from conftest import make_job

from indmech_bench.harness.workers import handle


def test_a_runner_that_is_killed_is_a_crash_and_is_started_anew() -> None:
    runner = handle.Runner()
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


def test_a_runner_that_is_stopped_is_given_up_and_started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
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

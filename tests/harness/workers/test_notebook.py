"""Where a run may be started from: a script without a main guard, `python -`, a notebook."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

DEFINITION = '''
import torch
from dataclasses import dataclass
from indmech_bench import leaderboard, register_method, run

def half(parameters):
    return {name: value / 2 for name, value in parameters.items()}

@register_method("here")
@dataclass(frozen=True)
class Here:
    """Defined here."""
    scale: float = 0.3
    def fit(self, problem):
        return problem.solution(half(problem.start(self.scale)))
'''
RUN = "run(tasks=['fir-natural'], methods=['{method}'], seeds='2', out='r', jobs={jobs})"


def python(folder: Path, code: str, standard_input: bool = False) -> subprocess.CompletedProcess[str]:
    (folder / "script.py").write_text(code)
    command = [sys.executable, "-"] if standard_input else [sys.executable, "script.py"]
    return subprocess.run(
        command, input=code if standard_input else None, cwd=folder, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("standard_input", [False, True], ids=["script", "python -"])
def test_a_script_needs_no_main_guard(tmp_path: Path, standard_input: bool) -> None:
    code = f"from indmech_bench import run\nprint({RUN.format(method='adam:steps=2', jobs=2)})\n"
    made = python(tmp_path, code, standard_input)
    assert made.returncode == 0, made.stderr
    assert made.stdout == "18 ok, 0 failed, 0 skipped\n"


@pytest.mark.parametrize("standard_input", [False, True], ids=["script", "python -"])
def test_a_method_defined_in_the_session_runs_in_place(tmp_path: Path, standard_input: bool) -> None:
    code = f"{DEFINITION}\nprint({RUN.format(method='here', jobs=0)})\nprint(leaderboard('r'))\n"
    made = python(tmp_path, code, standard_input)
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("18 ok, 0 failed, 0 skipped\n")
    assert any(" here " in line for line in made.stdout.splitlines())
    refused = python(tmp_path, f"{DEFINITION}\n{RUN.format(method='here:scale=0.1', jobs=2)}\n", standard_input)
    assert "method 'here' is defined in this session, where worker processes cannot reach it: use jobs=0" in (
        refused.stderr
    )


def test_a_name_that_is_taken_is_refused_at_once(tmp_path: Path) -> None:
    made = python(tmp_path, DEFINITION.replace('"here"', '"adam"'))
    assert "InputError: the name 'adam' is taken by adam.py." in made.stderr


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Executes a cell in a notebook's kernel and gives what it printed; what it raised is printed too."""
    from jupyter_client.manager import KernelManager

    manager = KernelManager()
    manager.start_kernel(cwd=str(tmp_path), env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")})
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)

    def execute(code: str) -> str:
        printed: list[str] = []

        def hook(message: dict) -> None:  # type: ignore[type-arg]
            content = message["content"]
            printed.append(content.get("text", "") or f"{content.get('ename', '')}: {content.get('evalue', '')}")

        client.execute_interactive(code, timeout=120, output_hook=hook)
        return "".join(printed)

    yield execute
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_notebook_defines_changes_and_runs_a_method(kernel: Callable[[str], str]) -> None:
    again = f"report = {RUN.format(method='here', jobs=0)}; print(report, report.resumed)"
    kernel(DEFINITION)
    refused = kernel(RUN.format(method="here", jobs=2))
    assert "use jobs=0, or put it in a file and give plugins=['FILE.py']" in refused
    assert "18 ok, 0 failed, 0 skipped 0" in kernel(again)
    assert "18 ok, 0 failed, 0 skipped 18" in kernel(again)
    kernel(DEFINITION.replace('"""Defined here."""', '"""Another docstring."""  # and a comment'))
    assert "18 ok, 0 failed, 0 skipped 18" in kernel(again)
    kernel("def half(parameters):\n    return {name: value / 3 for name, value in parameters.items()}")
    assert "18 ok, 0 failed, 0 skipped 16" in kernel(again), "a helper that changed makes the rows anew"
    assert "18 ok, 0 failed, 0 skipped" in kernel(f"print({RUN.format(method='adam:steps=2', jobs=2)})")


PLUGIN = '''
from dataclasses import dataclass
from indmech_bench import register_method

@register_method("filed")
@dataclass(frozen=True)
class Filed:
    """In a file."""
    scale: float = 0.3
    def fit(self, problem):
        return problem.solution(problem.start(self.scale))
'''


def test_a_session_runs_the_plugin_file_as_it_is_now(tmp_path: Path) -> None:
    edited = PLUGIN.replace("scale: float", "factor: float = 2.0\n    scale: float").replace(
        "self.scale)", "self.factor * self.scale)"
    )
    run = "run(tasks=['fir-natural'], methods=['filed{settings}'], seeds='1', out='r', plugins=['p.py'], jobs={jobs})"
    code = f"""
from pathlib import Path
from indmech_bench import run
Path("p.py").write_text({PLUGIN!r})
print({run.format(settings="", jobs=1)}.resumed)
print({run.format(settings="", jobs=0)}.resumed)
Path("p.py").write_text({edited!r})
print({run.format(settings=":factor=3", jobs=1)}.resumed)
try:
    {run.format(settings=":factor=4", jobs=0)}
    Path("p.py").write_text({PLUGIN!r} + "x = 1")
    {run.format(settings="", jobs=0)}
except ValueError as error:
    print(error)
"""
    made = python(tmp_path, code)
    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines() == [
        "0", "9", "8", "method 'filed' has been edited since this process imported it: start a new process.",
    ]  # fmt: skip


def test_an_executor_of_other_processes_runs_the_jobs(tmp_path: Path) -> None:
    code = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from indmech_bench import run
if __name__ == "__main__":
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        print(run(tasks=["fir-natural"], methods=["adam:steps=2"], seeds="2", out="r", jobs=executor))
"""
    made = python(tmp_path, code)
    assert made.returncode == 0, made.stderr
    assert made.stdout == "18 ok, 0 failed, 0 skipped\n"

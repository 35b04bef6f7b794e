"""Fixtures that several test files share. One thread a process: two under load are many times slower."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # read when torch is first imported, below a test's own imports
os.environ["INDMECH_BENCH_JOBS"] = "1"  # tests run side by side already, and every worker imports torch

Cli = Callable[..., subprocess.CompletedProcess[str]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=2, help="how often a run is killed; more in `make validate`")


@pytest.fixture(scope="session")
def warm_cli() -> Iterator[subprocess.Popen[str]]:
    """A process with the imports of a command done, which forks one for each request."""
    server = Path(__file__).parent / "support" / "warm_cli.py"
    with subprocess.Popen(
        [sys.executable, server], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def cli(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, warm_cli: subprocess.Popen[str]) -> Cli:
    """The command line as a user runs it, in a folder of its own."""
    aside = tmp_path_factory.mktemp("cli")

    def call(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        request: dict[str, Any] = {"arguments": arguments, "folder": str(tmp_path)}
        request["environment"] = dict(os.environ if env is None else env)
        for name in ("out", "err"):
            (aside / name).write_text("")
            request[name] = str(aside / name)
        assert warm_cli.stdin is not None
        assert warm_cli.stdout is not None
        warm_cli.stdin.write(json.dumps(request) + "\n")
        code = int(warm_cli.stdout.readline())
        texts = [(aside / name).read_bytes().decode() for name in ("out", "err")]
        return subprocess.CompletedProcess(["indmech-bench", *arguments], code, *texts)

    return call


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds something for every figure."""
    from reported import everything_in

    return everything_in(tmp_path_factory.mktemp("report") / "everything")


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which names and reasons hold markup."""
    from reported import hostile_in

    return hostile_in(tmp_path_factory.mktemp("report") / "hostile")


@pytest.fixture(scope="session")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with adam tuned by either protocol, on rows in which fit and e disagree; files may be added to it."""
    from tunings import tuned_in

    return tuned_in(tmp_path_factory.mktemp("tuned"))


def make_job(method: str, seeds: list[int], task: str = "fir-natural", **changes: Any) -> dict[str, Any]:
    """A job as the harness makes it; `method` may carry settings, references are found by name."""
    from indmech_bench.harness.cells import make_cells
    from indmech_bench.registry.catalogue import Catalogue

    plugins = [str(path) for path in changes.pop("plugins", [])]
    given = {"precision": "float64", "budget": None, "salt": "", "training": "fused"}
    given |= {name: changes.pop(name) for name in given if name in changes}
    assert not changes
    catalogue = Catalogue.read(Path(path) for path in plugins)
    references = {entry.name for entry in catalogue.of_kind("reference")}
    methods = [] if method in references else [method]
    cells = make_cells(catalogue, [task], methods, **given)
    cell = next(cell for cell in cells if cell.method.name == method.partition(":")[0])
    return cell.job(seeds, plugins)


def outcomes(method: str, seeds: list[int], task: str = "fir-natural", **changes: Any) -> dict[int, dict[str, Any]]:
    """Outcomes by seed of a job run in this process."""
    from indmech_bench.harness.job import execute

    reply = execute(make_job(method, seeds, task, **changes))
    assert "outcomes" in reply, reply
    return {row["seed"]: row for row in reply["outcomes"]}

"""When the fused way is taken and what it needs: what it does not know, its memory, its compiler."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import draws
import pytest
import torch
from draws import problem_of
from torch import Tensor

from indmech_bench import AdamRule, Objective, Phase, train
from indmech_bench.problem.engine.engine import LARGEST, engine_of
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.observations.impulse import Impulse
from indmech_bench.scm.parameters import Parameters


@pytest.mark.parametrize("task", ["channels-4", "concentration-1024"])
def test_what_the_engine_does_not_know_takes_the_plain_way(task: str) -> None:
    assert problem_of(task, range(1)).engine is None


def test_what_the_engine_does_not_know_is_trained_plainly() -> None:
    """Functions, other optimisers, multipliers among phases, linear models, signals that are too long."""
    problem = problem_of("fir-natural", range(2))
    start, rule = problem.start(), AdamRule(0.01)
    train(problem, start, Phase(lambda parameters, batch: problem.loss(parameters, batch), rule), 10)
    train(problem, start, Phase(Objective(), lambda tensors: torch.optim.RMSprop(tensors)), 10)
    assert problem.steps == {"plain": 20}

    class Louder(ConvolutionCascade):
        def composite(self, parameters: Parameters) -> Tensor:
            return 2 * super().composite(parameters)

    class Slower(AdamRule):
        def __call__(self, tensors: Iterable[Tensor]) -> torch.optim.Optimizer:
            return torch.optim.Adam(tensors, lr=self.learning_rate / 2)

    assert engine_of(Impulse(Louder((9, 5), 64), torch.ones(1, 64)), torch.float64) is None
    assert problem.engine is not None
    assert not problem.engine.knows([Phase(Objective(), Slower(0.01))])
    assert problem_of("linear-gaussian-natural", range(2)).engine is None
    length = LARGEST // 64
    model = ConvolutionCascade((32, 33), 2 * length)
    long = Impulse(model, torch.ones(1, 2 * length, dtype=torch.float64))
    assert engine_of(long, torch.float64) is None
    assert engine_of(Impulse(ConvolutionCascade((9, 5), 4096), torch.ones(1, 4096)), torch.float64) is not None


def test_many_steps_need_no_more_memory() -> None:
    """What a training holds beside its rows does not grow with the number of steps."""
    script, support = Path(__file__).with_name("memory_of_steps.py"), Path(draws.__file__).parent
    env = {**os.environ, "PYTHONPATH": str(support)}
    held = [
        int(subprocess.run([sys.executable, str(script), steps], capture_output=True, check=True, env=env).stdout)
        for steps in ("10", "20000")
    ]
    assert held[1] - held[0] < 4 << 20, held


def test_without_numba_everything_works_plainly(tmp_path: Path) -> None:
    """One sentence says so, and the rows say `plain`."""
    hidden = tmp_path / "sitecustomize.py"
    hidden.write_text(
        "import importlib.util as u\nfound = u.find_spec\n"
        "u.find_spec = lambda name, package=None: None if name == 'numba' else found(name, package)\n"
    )
    command = ["-m", "indmech_bench.cli", "run", "--task", "fir-natural", "--method", "adam:steps=20", "--seeds", "1"]
    made = subprocess.run(
        [sys.executable, *command, "--out", "r", "--jobs", "1"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert made.stderr.count("numba is not installed: training takes the plain way") == 1
    rows = [json.loads(line) for line in (tmp_path / "r/runs.jsonl").read_text().splitlines()]
    assert {(row["training"], row["details"].get("plain_steps")) for row in rows if row["method"] == "adam"} == {
        ("plain", 20.0)
    }


def test_machine_code_is_kept_in_the_cache_folder_or_nowhere(tmp_path: Path) -> None:
    """A second process reads what the first has compiled; where no folder can be written each compiles by itself."""
    (tmp_path / "tiny.py").write_text(
        "from indmech_bench.problem.engine.kernels.compiling import compiled, compiled_and_read\n"
        "@compiled\ndef double(x):\n    return 2 * x\nassert double(2.0) == 4\nprint(*compiled_and_read())\n"
    )

    def made(folder: str) -> str:
        env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / folder), "PYTHONPATH": str(tmp_path)}
        command = [sys.executable, "-c", "import tiny"]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout

    assert [made("kept"), made("kept")] == ["1 0\n", "0 1\n"]
    assert [path.parent.parent.parent.name for path in tmp_path.rglob("*.nbi")] == ["kept"]
    (tmp_path / "file").write_text("")
    assert made("file") == "1 0\n"
    assert len([*tmp_path.rglob("*.nbi")]) == 1

"""Wrong plugins: each fails the checks with words that name its fault, and a right one passes them all."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Cli

from indmech_bench.conformance.findings import Finding, counted
from indmech_bench.testing import METHOD_CHECKS, assert_passed, check_method

HEAD = '''
import random
import numpy as np
import torch
from dataclasses import dataclass
from indmech_bench import register_method
{imports}

@register_method("{name}")
@dataclass(frozen=True)
class Wrong:
    """Adam, with one fault perhaps."""
    {setting}
    steps: int = 100

    def fit(self, problem):
        return problem.solution({end})

    def trained(self, problem, start=None):
        moving = {{k: v.detach().clone().requires_grad_() for k, v in (start or problem.start()).items()}}
        tensors = list(moving.values())
        optimiser = torch.optim.Adam(tensors, lr=0.02)
        for step in range(self.steps):
            optimiser.zero_grad()
            {loss}
            {after}
            optimiser.step()
        return moving
'''
PLAIN = {
    "imports": "",
    "setting": "",
    "end": "self.trained(problem)",
    "loss": "problem.loss(moving).sum().backward()",
    "after": "pass",
}
FAULTS: dict[str, tuple[dict[str, str], str, str]] = {
    "draws-from-the-process": (
        {"end": "{k: v + 0.1 * torch.randn(v.shape) for k, v in self.trained(problem).items()}"},
        "global-rng",
        "depends on the process's random state (torch)",
    ),
    "seeds-the-process": (
        {"after": "np.random.seed(0)"},
        "global-rng",
        "moves the process's generator of numpy.random",
    ),
    "changes-the-problem": (
        {"after": "problem.observations.mul_(0.99)"},
        "unchanged",
        "problem.observations is another after fit",
    ),
    "ignores-the-seed": (
        {
            "end": "self.trained(problem, {k: torch.randn(s, generator=torch.Generator().manual_seed(0))"
            ".expand(problem.replicates, *s) for k, s in problem.shapes.items()})"
        },
        "seeds",
        "ignores the seed",
    ),
    "ignores-the-observation": ({"end": "problem.start()"}, "observation", "ignores the observation"),
    "depends-on-its-batch": (
        {"loss": "(problem.loss(moving) * (1 + problem.observations.std())).sum().backward()"},
        "batch",
        "seed 3 alone and among 5 differ",
    ),
    "goes-on-over-budget": (
        {"loss": "torch.stack([v.square().sum() for v in moving.values()]).sum().backward()\n"
                 "            try: problem.loss(moving)\n"
                 "            except Exception: pass"},
        "budget",
        "a budget of 1 unit is overrun",
    ),
    "gives-wrong-shapes": (
        {"end": "{k: v[..., :-1] for k, v in self.trained(problem).items()}"},
        "shapes",
        "a solution needs parameters of shapes {'k1': (5, 9), 'k2': (5, 5)}, not {'k1': (5, 8), 'k2': (5, 4)}",
    ),
    "lets-nan-out": (
        {"after": "[t.grad.zero_() for t in tensors if t.grad.isnan().any()]"},
        "containment",
        "a NaN observation of seed 1 changes seed 0 beside it",
    ),
    "has-a-list": ({"setting": "rates: tuple = (0.1, 0.2)"}, "settings", "'rates' is (0.1, 0.2), but settings are"),
    "clips-the-batch": (
        {"after": "torch.nn.utils.clip_grad_norm_(tensors, 0.1)"},
        "batch",
        "clip_grad_norm_(...) (wrong.py, line 26) mixes replicates",
    ),
    "reads-the-truth": (
        {"imports": "from indmech_bench.tasks.chains.fir import FirTask"},
        "truth",
        "reaches for what can draw the truth: indmech_bench.tasks.chains.fir.FirTask (wrong.py, line 7)",
    ),
    "looks-inside": ({"after": "problem._observation"}, "truth", "._observation (wrong.py, line 26)"),
    "diverges": ({"loss": "(1e300 * problem.loss(moving) ** 9).sum().backward()",
                  "after": "[t.data.mul_(1e99) for t in tensors]"}, "finite", "no solution of seeds"),
    "raises": ({"after": "raise ZeroDivisionError('here')"}, "runs", "ZeroDivisionError: here (wrong.py, line 26)"),
    "says-it-where-no-source-is-read": (
        {
            "imports": "class Base:\n    pass\nBase.batched = False",
            "setting": "",
        },
        "settings",
        "'batched' is True in the source, False in the class",
    ),
}  # fmt: skip


def written(folder: Path, name: str, changes: dict[str, str]) -> Path:
    source = HEAD.format(**{**PLAIN, **changes, "name": name})
    if name == "says-it-where-no-source-is-read":
        source = source.replace("class Wrong:", "class Wrong(Base):")
    path = folder / "wrong.py"
    path.write_text(source)
    return path


def failures(path: Path) -> dict[str, Finding]:
    found = check_method(path, tasks=["fir-natural"])
    return {finding.check: finding for finding in found if not finding.passed}


@pytest.mark.parametrize("name", FAULTS)
def test_a_wrong_method_fails_with_its_fault_named(tmp_path: Path, name: str) -> None:
    changes, check, words = FAULTS[name]
    failed = failures(written(tmp_path, name, changes))
    assert words in str(failed[check])
    assert len(str(failed[check]).splitlines()) == 2


def test_the_same_method_without_a_fault_passes(tmp_path: Path) -> None:
    assert failures(written(tmp_path, "right", {})) == {}


def test_check_method_says_what_is_wrong_and_ends_with_one(cli: Cli, tmp_path: Path) -> None:
    written(tmp_path, "clips", FAULTS["clips-the-batch"][0])
    made = cli("check-method", "wrong.py", "--task", "fir-natural")
    assert made.returncode == 1
    assert made.stdout.startswith("clips (steps=50 instead of 100)\nok    settings\n")
    assert "FAIL  batch: on fir-natural seed 3 alone and among 5 differ" in made.stdout
    assert made.stdout.endswith(f"{len(METHOD_CHECKS)} checks, 1 failed, 1 not run\n")


def test_a_shipped_method_passes_on_every_kind_of_observation() -> None:
    assert_passed(check_method("adam"))


def test_a_shipped_method_with_many_starts_passes() -> None:
    assert_passed(check_method("multistart-independent:starts=2,polish_steps=5", tasks=["fir-natural"]))


def test_a_method_that_can_work_nowhere_is_told_so(tmp_path: Path) -> None:
    path = written(tmp_path, "nowhere", {"imports": "from indmech_bench.errors import UnsupportedError",
                                         "after": "raise UnsupportedError('not here')"})  # fmt: skip
    assert "skips every task: not here" in str(failures(path)["runs"])


NEIGHBOURS = '''
from dataclasses import dataclass
from typing import ClassVar

import torch
from indmech_bench import register_method
from indmech_bench.tasks.chains.fir import FirTask
from scipy.optimize import minimize


def shared(problem):
    return problem.start()


def only_theirs(problem):
    return torch.nn.utils.clip_grad_norm_([], 1.0)


@register_method("clean")
@dataclass(frozen=True)
class Clean:
    """L-BFGS, one replicate at a time; imports when it is called."""

    batched: ClassVar[bool] = False

    def fit(self, problem):
        import indmech_plugin_that_draws  # noqa: F401

        start = problem.flat(shared(problem))[0]
        found = minimize(problem.value_and_gradient, start, jac=True, method="L-BFGS-B", options={"maxiter": 9})
        return problem.solution({k: v.numpy() for k, v in problem.unflat(found.x).items()})


@register_method("wrong")
@dataclass(frozen=True)
class Wrong:
    """Reaches for the truth, and draws from the process."""

    def fit(self, problem):
        FirTask, only_theirs
        return problem.solution({k: v + torch.randn(v.shape) for k, v in shared(problem).items()})
'''


def test_a_class_answers_for_its_own_faults_and_once_for_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "two.py").write_text(NEIGHBOURS)
    (tmp_path / "indmech_plugin_that_draws.py").write_text(
        "import random, numpy\nrandom.random()\nnumpy.random.rand()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    shown: list[Finding] = []
    found = check_method(tmp_path / "two.py", tasks=["fir-natural"], watch=shown.append)
    assert shown == found
    assert [finding for finding in found if finding.name == "clean" and not finding.passed] == []
    wrong = {finding.check: finding for finding in found if finding.name == "wrong"}
    assert [check for check, finding in wrong.items() if not finding.passed] == ["truth", "global-rng"]
    assert "FirTask" in wrong["truth"].seen
    assert {check: finding.after for check, finding in wrong.items() if finding.after} == dict.fromkeys(
        ("seeds", "observation", "batch", "containment"), "global-rng"
    )
    assert str(wrong["batch"]) == "–     batch: not run, since global-rng failed"
    assert counted(found) == f"{2 * len(METHOD_CHECKS)} checks, 2 failed, 4 not run"

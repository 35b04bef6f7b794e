"""Methods that search alike run in one job and search once: their rows are as if each had run alone."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import make_job
from draws import problem_of

from indmech_bench import run
from indmech_bench.harness import attempts
from indmech_bench.harness.benchmark import bundles_of
from indmech_bench.harness.job import execute, execute_together
from indmech_bench.harness.options import RunOptions
from indmech_bench.harness.planning import plan
from indmech_bench.harness.workers.messages import Job, Reply
from indmech_bench.problem.searches import Searches
from indmech_bench.results.folder import read_folder

STARTS = "steps=40,starts=3,polish_steps=5"
ALIKE = [
    *(f"multistart-{name}:{STARTS}" for name in ("fit", "independent", "min-norm", "placebo", "flat")),
    f"combined:{STARTS}",
    f"averaging-min-norm:{STARTS}",
    f"averaging-evidence:{STARTS}",
]
TUNED = [f"fine-tune-{name}:steps=10,tuning=0.4" for name in ("fit", "penalty", "decay")]
ROOTS = [f"root-search-{name}" for name in ("independent", "min-norm", "likelihood", "flat", "combined")]
WHAT = ("status", "reason", "metrics", "truth", "details", "cost", "key")


def content(folder: Path) -> dict[tuple[str, int], dict[str, Any]]:
    return {(row["method"], row["seed"]): {name: row[name] for name in WHAT} for row in read_folder(folder)}


def comparable(reply: Any) -> Any:
    """A reply without how long it took, and without the seals, which cover that."""
    return json.loads(
        json.dumps(reply), object_hook=lambda d: {k: v for k, v in d.items() if k not in ("seconds", "seal")}
    )


@pytest.mark.parametrize("task", ["fir-natural", "fir-samples", "environments-2", "linear-gaussian-natural"])
@pytest.mark.parametrize("budget", [None, 5_000.0])
def test_rows_and_cost_are_as_if_alone(task: str, budget: float | None) -> None:
    jobs = [make_job(method, [3, 7], task, budget=budget) for method in [*ALIKE, *ROOTS]]
    together = execute_together(jobs)
    assert comparable(together) == comparable([execute(job) for job in jobs])


@pytest.mark.parametrize("task", ["fir-samples", "digits-strided-vae:most=64", "digits-gan:most=64"])
def test_a_shared_training_goes_on_as_if_it_were_ones_own(task: str) -> None:
    """Whatever is trained beside the parameters, an adversarial critic, comes along, and so do the curve's points."""
    jobs = [{**make_job(method, [3, 7], task), "curves": True} for method in TUNED]
    together = execute_together(jobs)  # type: ignore[arg-type]
    alone = [execute(job) for job in jobs]  # type: ignore[arg-type]
    assert comparable(together) == comparable(alone)
    (first, *others) = [reply["outcomes"][0]["curves"] for reply in together if "outcomes" in reply]
    assert len(others) == 2
    for curve in others:
        assert curve["step"] == first["step"]
        assert curve["fit_error"][:5] == first["fit_error"][:5]
        assert curve["fit_error"][-1] != first["fit_error"][-1]


def test_what_is_found_is_computed_once_and_charged_to_each(monkeypatch: pytest.MonkeyPatch) -> None:
    from indmech_baselines import many_starts

    calls: list[str] = []
    polish = many_starts.levenberg_marquardt

    def slowly(*given: Any) -> Any:
        calls.append("once")
        time.sleep(0.2)
        return polish(*given)

    monkeypatch.setattr(many_starts, "levenberg_marquardt", slowly)
    replies = execute_together([make_job(method, [3, 7]) for method in ALIKE])
    assert calls == ["once"]
    costs = [reply["outcomes"][0]["cost"] for reply in replies if "outcomes" in reply]
    assert len(costs) == len(ALIKE)
    assert min(costs) > 3 * 40 * 3  # three passes a step and start
    seconds = [reply["outcomes"][0]["seconds"] for reply in replies if "outcomes" in reply]
    assert min(seconds) >= 0.1  # what the search took of the clock stands in each, shared by two seeds
    execute_together([make_job(ALIKE[0], [3]), make_job(ALIKE[1].replace("steps=40", "steps=41"), [3])])
    assert calls == ["once"] * 3


def test_a_result_is_each_methods_own() -> None:
    searches = Searches()
    problem = problem_of("fir-natural", [0])
    first, _ = searches.result("x", lambda: {"k": torch.ones(2)}, problem)
    first["k"][0] = 9.0
    second, _ = searches.result("x", lambda: {"k": torch.zeros(2)}, problem)
    second["k"][1] = 9.0
    third, _ = searches.result("x", lambda: {"k": torch.zeros(2)}, problem)
    assert third["k"].tolist() == [1.0, 1.0]


def test_a_search_that_raises_is_kept_by_nobody() -> None:
    problem = problem_of("fir-natural", [0])
    with pytest.raises(ZeroDivisionError):
        problem.search("x", lambda: 1 / 0)
    assert problem.search("x", lambda: 2) == 2


def bundled(methods: Sequence[str], **options: Any) -> list[list[str]]:
    what = plan(RunOptions.of(tasks=["fir-natural", "fir-spectrum"], methods=methods, with_references=False, **options))
    todo = [(cell, cell.job([0, 1], (), False)) for cell in what.cells]
    return [[f"{job['task']} {job['method']}" for job in bundle] for bundle in bundles_of(todo)]


def test_a_bundle_is_of_one_task_and_one_search() -> None:
    found = bundled([ALIKE[0], "adam", ROOTS[0], ALIKE[5], ROOTS[1]])
    together = [
        line
        for task in ("fir-natural", "fir-spectrum")
        for line in (
            [f"{task} multistart-fit", f"{task} combined"],
            [f"{task} root-search-independent", f"{task} root-search-min-norm"],
        )
    ]
    assert found == [*together, ["fir-natural adam"], ["fir-spectrum adam"]]


def test_a_plugin_shares_a_job_with_no_method_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "other.py"
    path.write_text(
        "from dataclasses import dataclass\nfrom indmech_bench import register_method\n"
        "from indmech_baselines.multistart import Multistart\n"
        "@register_method('other')\n@dataclass(frozen=True)\nclass Other(Multistart):\n    'Mine.'\n"
    )
    found = bundled(["multistart-fit", "other"], plugins=[path])
    assert all(len(bundle) == 1 for bundle in found)


def test_a_run_of_all_is_the_run_of_each_and_a_later_one_joins(tmp_path: Path) -> None:
    common: dict[str, Any] = {"tasks": ["fir-natural"], "seeds": "3", "jobs": 0, "quiet": True}
    assert run(methods=ALIKE, out=tmp_path / "all", **{**common, "jobs": 2}).failed == 0
    run(methods=ALIKE[:3], out=tmp_path / "later", **common)
    run(methods=ALIKE, out=tmp_path / "later", **common)
    for method in ALIKE:
        run(methods=[method], out=tmp_path / "each", **common)
    assert content(tmp_path / "all") == content(tmp_path / "later") == content(tmp_path / "each")


class Together:
    """Attempts of which those of several jobs meet a fate; alone all succeed."""

    def __init__(self, replies: list[Reply]) -> None:
        self.replies, self.asked = replies, []  # type: ignore[var-annotated]

    def __call__(self, jobs: Sequence[Job], limit: float) -> list[Reply]:
        self.asked.append([job["method"] for job in jobs])
        if len(jobs) > 1:
            return self.replies
        return [{"outcomes": [{"seed": seed, "status": "ok", "reason": "alone"} for seed in jobs[0]["seeds"]]}]  # type: ignore[list-item, typeddict-item]


@pytest.mark.parametrize("fate", ["error", "timeout", "crashed"])
def test_a_job_that_fails_together_is_run_again_by_itself(fate: str) -> None:
    jobs = [make_job(name, [0, 1]) for name in ("adam", "sgd", "weight-decay")]
    fine: Reply = {"outcomes": [{"seed": 0, "status": "ok", "reason": "together"}]}  # type: ignore[list-item, typeddict-item]
    failed: Reply = {"failure": fate, "reason": "", "output": ""}
    skipped: Reply = {"failure": "skipped", "reason": "not here", "output": ""}
    attempt = Together([fine, failed, skipped])
    found = attempts.outcomes_together(jobs, 10.0, attempt)
    assert [outcomes[0]["reason"] for outcomes in found] == ["together", "alone", "not here"]
    assert attempt.asked == [["adam", "sgd", "weight-decay"], ["sgd"]]

"""One job: some seeds of one cell, from truth to outcomes. Runs in an isolated child (or, with no jobs, in place)."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from indmech_bench.catalogue import Catalogue, Entry
from indmech_bench.errors import BudgetExceededError, InputError, TruthNotFoundError, UnsupportedError
from indmech_bench.grouping import groups
from indmech_bench.outcomes import Outcome, failed, outcome
from indmech_bench.parameters import finite_rows
from indmech_bench.problem import START_SCALE, Problem, Solution
from indmech_bench.randomness import Streams, streams
from indmech_bench.registry import build, live
from indmech_bench.scoring import score
from indmech_bench.settings import Named
from indmech_bench.text import short
from indmech_bench.truth import Task, Truth

REASON = 300
"""Most characters of a reason."""
DTYPES = {"float64": torch.float64, "float32": torch.float32}


def execute(job: Mapping[str, Any]) -> dict[str, Any]:
    """{"outcomes": [...]}, one a seed, or {"failure", "reason", "output"} when the whole batch failed.

    `job` holds the names and complete settings of task and method, seeds, salt, budget, precision and plugins: plain
    JSON, so that it reaches a child as a line of text.
    """
    threads, default = torch.get_num_threads(), torch.get_default_dtype()
    try:
        return {"outcomes": _outcomes(job)}
    except UnsupportedError as error:
        return {"failure": "skipped", "reason": str(error), "output": ""}
    except (InputError, TruthNotFoundError) as error:
        return {"failure": "error", "reason": str(error), "output": ""}
    except (Exception, SystemExit) as error:  # a method that exits ends its own job, in place too
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return {"failure": "error", "reason": short(reason, REASON), "output": traceback.format_exc()}
    finally:  # a job in place leaves its caller's torch as it was
        torch.set_num_threads(threads)
        torch.set_default_dtype(default)


def _outcomes(job: Mapping[str, Any]) -> list[Outcome]:
    torch.set_num_threads(1)
    catalogue = Catalogue.read(Path(path) for path in job["plugins"])
    task: Task = build(Named(catalogue.find("task", job["task"]), job["task_settings"]))
    entry = catalogue.find("reference" if job["reference"] else "method", job["method"])
    outcomes: list[Outcome] = []
    for together, wanted in groups(entry.facts, job["seeds"], len(job["seeds"])):
        outcomes += [one for one in _of_batch({**job, "seeds": together}, task, entry) if one["seed"] in wanted]
    return outcomes


def _of_batch(job: Mapping[str, Any], task: Task, entry: Entry) -> list[Outcome]:
    """Outcomes of seeds that are run together."""
    torch.set_default_dtype(DTYPES[job["precision"]])
    problem = _problem(job, task)
    before = time.perf_counter()
    try:
        solution = _solve(job, task, entry, problem)
    except BudgetExceededError as error:
        return failed(job["seeds"], "budget", short(str(error), REASON))
    seconds = (time.perf_counter() - before) / len(job["seeds"])
    return _scored(job, task, problem, solution, seconds)


def _streams(job: Mapping[str, Any], domain: str) -> Streams:
    return streams(domain, job["salt"], job["task"], job["task_settings"], job["task_version"], job["seeds"])


def _truth(job: Mapping[str, Any], task: Task) -> Truth:
    drawn = _streams(job, "truth")
    return Truth(task.model, task.sample(drawn), _streams(job, "reference"), task.interventions(drawn), task.phase)


def _problem(job: Mapping[str, Any], task: Task, make: Callable[..., Problem] = Problem) -> Problem:
    """The problem of the job's truths, made by `make`; the truths themselves are gone when this returns."""
    parameters = task.sample(_streams(job, "truth"))
    observation = task.observe(parameters, _streams(job, "truth"))
    return make(
        observation,
        _streams(job, "method"),
        dtype=DTYPES[job["precision"]],
        budget=job["budget"],
        start_scale=getattr(task, "start_scale", START_SCALE),
        given_start=parameters if getattr(task, "starts_at_truth", False) else None,
    )


def _solve(job: Mapping[str, Any], task: Task, entry: Entry, problem: Problem) -> Solution:
    if entry.kind == "reference":
        reference: Solution = live(entry)(problem, _truth(job, task))
        return reference
    fitted = build(Named(entry, job["settings"])).fit(problem)
    if not isinstance(fitted, Solution):
        raise TypeError(f"fit must return problem.solution(parameters), not {type(fitted).__name__}")
    return fitted


def _scored(job: Mapping[str, Any], task: Task, problem: Problem, solution: Solution, seconds: float) -> list[Outcome]:
    torch.set_default_dtype(torch.float64)
    truth = _truth(job, task)
    facts = task.facts(truth)
    metrics = score(truth, solution)
    transfer = getattr(task, "transfer", None)
    transferred = transfer and solution.parameters and transfer(truth, solution.parameters, _streams(job, "truth"))
    if transferred:
        metrics["transfer_error"] = score(*transferred)["extrapolation_error"]
    details = {**solution.details, **_on_the_way(truth, solution)}
    finite = metrics["extrapolation_error"].isfinite() & metrics["fit_error"].isfinite()
    if solution.parameters is not None:
        finite &= finite_rows(solution.parameters)
    over = problem.exhausted
    saved = problem.in_seen_scale(solution.parameters) if job.get("save_solutions") and solution.parameters else {}
    outcomes = []
    for r, seed in enumerate(job["seeds"]):
        status, reason = "ok", ""
        if bool(over[r]):
            status, reason = "budget", f"spent {float(problem.spent[r]):,.0f} of {job['budget']:,.0f} units"
        elif not bool(finite[r]):
            status, reason = "nonfinite", "the solution is not finite"
        outcomes.append(
            outcome(
                seed,
                status,
                reason,
                metrics={name: _number(value[r]) for name, value in metrics.items()} if status == "ok" else {},
                truth={name: values[r] for name, values in facts.items()},
                details={name: _number(value[r]) for name, value in details.items()},
                cost=float(problem.spent[r]),
                seconds=round(seconds, 6),
            )
        )
        if saved and status == "ok":
            outcomes[-1]["parameters"] = {name: value[r].tolist() for name, value in saved.items()}
    return outcomes


def _on_the_way(truth: Truth, solution: Solution) -> dict[str, torch.Tensor]:
    """The main metrics at the steps of a solution's path, as `<metric>@<step>`."""
    names = ("fit_error", "extrapolation_error", "log_generic_ratio")
    points = {step: score(truth, Solution(truth.model.laws(point), point)) for step, point in solution.path.items()}
    return {f"{name}@{step}": metrics[name] for step, metrics in points.items() for name in names}


def _number(value: torch.Tensor) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None

"""Truths, problems and scores of the seeds of a job."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch

from indmech_bench.harness.workers.messages import Draws, Job, Outcome, outcome
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.solution import Solution
from indmech_bench.results.statuses import Status
from indmech_bench.scm.parameters import finite_rows
from indmech_bench.scm.streams import Streams, streams
from indmech_bench.scoring.listed import errors_by_intervention, pictures
from indmech_bench.scoring.scores import score
from indmech_bench.tasks.protocol import Task
from indmech_bench.tasks.truth import Truth

PICTURED_SEEDS = 2
"""Seeds below this keep pictures, where laws are images."""
DTYPES = {"float64": torch.float64, "float32": torch.float32}


def job_streams(job: Draws, domain: str) -> Streams:
    return streams(domain, job["salt"], job["task"], job["task_settings"], job["task_version"], job["seeds"])


def draw_truth(job: Draws, task: Task) -> Truth:
    drawn = job_streams(job, "truth")
    return Truth(task.model, task.sample(drawn), job_streams(job, "reference"), task.interventions(drawn), task.phase)


def pose_problem(job: Draws, task: Task, make: Callable[..., Problem] = Problem) -> Problem:
    """The problem of the job's truths, made by `make`; the truths themselves are gone when this returns."""
    parameters = task.sample(job_streams(job, "truth"))
    observation = task.observe(parameters, job_streams(job, "truth"))
    return make(
        observation,
        job_streams(job, "method"),
        dtype=DTYPES[job["precision"]],
        budget=job["budget"],
        start_scale=task.start_scale,
        training=job["training"],
        device=job.get("device", "cpu"),
        given_start=parameters if task.starts_at_truth else None,
    )


def score_solution(job: Job, task: Task, problem: Problem, solution: Solution, seconds: float) -> list[Outcome]:
    """The outcomes of a job's seeds: draws their truths again, to compare the solution with them.

    Args:
        job: names the truths; says whether the solution's parameters go along.
        task: the live task.
        problem: what the method was given, for what it spent.
        solution: what the method gave back, rows as in the job's seeds.
        seconds: that a seed took.
    """
    torch.set_default_dtype(torch.float64)
    truth = draw_truth(job, task)
    facts = task.facts(truth)
    metrics = score(truth, solution, partial(task.transfer, streams=job_streams(job, "truth")))
    details = {**solution.details, **_on_the_way(truth, solution)}
    finite = metrics["extrapolation_error"].isfinite() & metrics["fit_error"].isfinite()
    if solution.parameters is not None:
        finite &= finite_rows(solution.parameters)
    listed = errors_by_intervention(truth, solution)
    over = problem.exhausted
    saved = problem.in_seen_scale(solution.parameters) if job["save_solutions"] and solution.parameters else {}
    steps = {f"{way}_steps": float(count) for way, count in problem.steps.items() if count}
    outcomes = []
    for r, seed in enumerate(job["seeds"]):
        status, reason = Status.OK, ""
        if bool(over[r]):
            status, reason = Status.BUDGET, f"spent {float(problem.spent[r]):,.0f} of {job['budget']:,.0f} units"
        elif not bool(finite[r]):
            status, reason = Status.NONFINITE, "the solution is not finite"
        outcomes.append(
            outcome(
                seed,
                status,
                reason,
                metrics={name: _number(value[r]) for name, value in metrics.items()} if status == Status.OK else {},
                truth={name: values[r] for name, values in facts.items()},
                details={name: _number(value[r]) for name, value in details.items()} | steps,
                cost=float(problem.spent[r]),
                seconds=round(seconds, 6),
            )
        )
        if status != Status.OK:
            continue
        if listed:
            outcomes[-1]["errors"] = {name: _number(value[r]) for name, value in listed.items()}
        if saved:
            outcomes[-1]["parameters"] = {name: value[r].tolist() for name, value in saved.items()}
        if seed < PICTURED_SEEDS and (shown := pictures(truth, solution, r)):
            outcomes[-1]["pictures"] = {name: value.tolist() for name, value in shown.items()}
    return outcomes


def _on_the_way(truth: Truth, solution: Solution) -> dict[str, torch.Tensor]:
    """The main metrics at the steps of a solution's path, as `<metric>@<step>`."""
    names = ("fit_error", "extrapolation_error", "log_generic_ratio")
    points = {
        step: score(truth, Solution(truth.model.laws(point), point), names=names)
        for step, point in solution.path.items()
    }
    return {f"{name}@{step}": metrics[name] for step, metrics in points.items() for name in names}


def _number(value: torch.Tensor) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None

"""Truths, problems and scores of the seeds of a job."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import torch

from indmech_bench.harness.workers.messages import Draws, Job, Outcome, outcome
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.solution import Solution
from indmech_bench.results.statuses import Status
from indmech_bench.scm.parameters import Parameters, finite_rows
from indmech_bench.scm.streams import Streams, streams
from indmech_bench.scoring.listed import errors_by_intervention, null_band, pictures, solution_set
from indmech_bench.scoring.scores import score
from indmech_bench.tasks.protocol import Task
from indmech_bench.tasks.truth import Truth

ON_THE_WAY = ("fit_error", "extrapolation_error", "log_generic_ratio")
"""Metrics of points on the way of a training."""
ALONG_CURVES = (*ON_THE_WAY, "output_error", "coarse_distance", "sample_distance", "held_out_loss", "rms_log_ratio")
"""The same, with those that networks alone have, of points of a curve."""
PICTURED_SEEDS = 2
"""Seeds below this keep pictures, where laws are images; the oracle keeps all solutions, where they can be listed, and
the null's band, where there is one."""
ORACLE = "oracle"
DTYPES = {"float64": torch.float64, "float32": torch.float32}


def job_streams(job: Draws, domain: str, task: Task) -> Streams:
    """The random numbers of a job's seeds: settings that only say how a truth is shown have no part in their names."""
    settings = {name: value for name, value in job["task_settings"].items() if name not in task.shown_by}
    return streams(domain, job["salt"], job["task"], settings, job["task_version"], job["seeds"])


def draw_truth(job: Draws, task: Task) -> Truth:
    drawn, known = job_streams(job, "truth", task), job_streams(job, "reference", task)
    return Truth(task.model, task.sample(drawn), known, task.interventions(drawn), task.phase)


def pose_problem(job: Draws, task: Task, make: Callable[..., Problem] = Problem) -> Problem:
    """The problem of the job's truths, made by `make`; the truths themselves are gone when this returns."""
    drawn = job_streams(job, "truth", task)
    parameters = task.sample(drawn)
    observation = task.observe(parameters, drawn)
    return make(
        observation,
        job_streams(job, "method", task),
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
    transfer = partial(task.transfer, streams=job_streams(job, "truth", task))
    metrics = score(truth, solution, transfer, use=task.use)
    details = {**solution.details, **_on_the_way(truth, solution)}
    finite = metrics["extrapolation_error"].isfinite() & metrics["fit_error"].isfinite()
    if solution.parameters is not None:
        finite &= finite_rows(solution.parameters)
    listed = errors_by_intervention(truth, solution)
    over = problem.exhausted
    saved = problem.in_seen_scale(solution.parameters) if job["save_solutions"] and solution.parameters else {}
    curves = _along_training(truth, problem) if problem.curve is not None else {}
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
        if curves:
            outcomes[-1]["curves"] = {"step": [*curves], **_of_replicate(curves, r)}
        if listed:
            outcomes[-1]["errors"] = {name: _number(value[r]) for name, value in listed.items()}
        if saved:
            outcomes[-1]["parameters"] = {name: value[r].tolist() for name, value in saved.items()}
        if seed < PICTURED_SEEDS and (shown := pictures(truth, solution, r)):
            outcomes[-1]["pictures"] = {name: value.tolist() for name, value in shown.items()}
        if seed < PICTURED_SEEDS and job["method"] == ORACLE:
            found = solution_set(truth, r) | (null_band(truth) if "ratio_pvalue" in metrics else {})
            outcomes[-1]["solutions"] = {name: list(map(_number, value)) for name, value in found.items()}
    return outcomes


Points = dict[int, dict[str, torch.Tensor]]
"""By step: name of what was measured -> (R,)."""


def _along_training(truth: Truth, problem: Problem) -> Points:
    """Loss and main metrics at the points that a problem has kept."""
    assert problem.curve is not None
    points: Points = {}
    kept = sorted(problem.curve.points.items())
    for step, seen in kept:
        with torch.no_grad(), problem.prepaid(0):
            loss = problem.loss({name: value.to(problem.dtype) for name, value in seen.items()})
        parameters = problem.in_own_scale(seen)
        metrics = score(truth, Solution(truth.model.laws(parameters), parameters), names=ALONG_CURVES)
        away = _distance(seen, kept[0][1], truth.model.mechanisms)
        points[step] = {"loss": loss, "distance_from_start": away, **metrics}
    return points


def _distance(seen: Parameters, start: Parameters, mechanisms: Mapping[str, Sequence[str]]) -> torch.Tensor:
    """|mechanisms - mechanisms at the start| / |mechanisms at the start|, (R,)."""
    names = [name for parts in mechanisms.values() for name in parts]

    def size(values: Iterable[torch.Tensor]) -> torch.Tensor:
        return torch.stack([value.double().square().flatten(1).sum(-1) for value in values]).sum(0).sqrt()

    return size(seen[name] - start[name] for name in names) / size(start[name] for name in names)


def _of_replicate(points: Points, r: int) -> dict[str, list[float | None]]:
    """Name of what was measured -> its values by step, of one replicate."""
    names = next(iter(points.values()))
    return {name: [_number(values[name][r]) for values in points.values()] for name in names}


def _on_the_way(truth: Truth, solution: Solution) -> dict[str, torch.Tensor]:
    """The main metrics at the steps of a solution's path, as `<metric>@<step>`."""
    points = {
        step: score(truth, Solution(truth.model.laws(point), point), names=ON_THE_WAY)
        for step, point in solution.path.items()
    }
    return {f"{name}@{step}": metrics[name] for step, metrics in points.items() for name in ON_THE_WAY}


def _number(value: torch.Tensor) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None

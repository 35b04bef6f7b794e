"""Single calls of `fit` on small problems, watched: what came back, what it cost, what it touched."""

from __future__ import annotations

import random
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from indmech_bench.conformance.findings import CheckFailedError
from indmech_bench.errors import BudgetExceededError, UnsupportedError
from indmech_bench.harness.batches import batches_of
from indmech_bench.harness.cells import Cell
from indmech_bench.harness.replicates import job_streams, pose_problem
from indmech_bench.harness.workers.messages import Job
from indmech_bench.problem.engine.kernels.compiling import FUSED
from indmech_bench.problem.faces.flat import AnyParameters, as_checked
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.solution import Solution
from indmech_bench.registry.notation import Named
from indmech_bench.registry.registration import build
from indmech_bench.results.statuses import Status
from indmech_bench.scm.parameters import Parameters
from indmech_bench.text.lines import short


class Watched(Problem):
    """A problem that notes how it is used."""

    given: dict[str, Tensor] | None = None
    refused = 0
    """How often more units were asked for than there are."""
    late = 0
    """Calls of the model after that."""
    refunds = False
    misfit = ""
    """What is wrong with the shapes of a solution."""

    def spend(self, units: float | Tensor) -> None:
        self.refunds |= bool((torch.as_tensor(units) < 0).any())
        try:
            super().spend(units)
        except BudgetExceededError:
            self.refused += 1
            raise

    def _charge(self, parameters: Parameters, forwards: float, gradient: bool | None = None) -> None:
        self.late += self.refused > 0
        super()._charge(parameters, forwards, gradient)

    def solution(
        self, parameters: AnyParameters, path: Mapping[int, AnyParameters] | None = None, **details: Tensor
    ) -> Solution:
        try:
            solution = super().solution(parameters, path, **details)
        except ValueError as error:
            self.misfit = str(error)
            raise
        self.given = {name: value.detach().clone() for name, value in as_checked(self, parameters).items()}
        return solution


@dataclass
class Trial:
    """What one call of `fit` did. `rows`: what each seed got, in the scale of the observation."""

    status: Status = Status.OK
    reason: str = ""
    rows: dict[int, dict[str, Tensor]] = field(default_factory=dict)
    spent: dict[int, float] = field(default_factory=dict)
    touched: tuple[str, ...] = ()
    changed_problem: bool = False
    late: int = 0
    refunds: bool = False
    wrong_shapes: str = ""


def same_bits(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    """Whether two rows are the same, NaN equal to NaN."""
    return all(first[name].numpy().tobytes() == second[name].numpy().tobytes() for name in first)


def difference(first: dict[str, Tensor], second: dict[str, Tensor]) -> str:
    """`k1 by 1e-3`: the largest difference between two rows."""
    sizes = {name: float((first[name].double() - second[name].double()).abs().max()) for name in first}
    name = max(sizes, key=lambda parameter: (sizes[parameter] != sizes[parameter], sizes[parameter]))
    return f"{name} by {sizes[name]:.1g}"


class Bench:
    """One method on one task. Trials are kept: every check asks for what it needs."""

    def __init__(self, method: Named, task: Named) -> None:
        self.method, self.task = method, task
        self.trial = lru_cache(maxsize=None)(self.run)

    @cached_property
    def _live_task(self) -> Any:
        return build(self.task)

    def working(self, seeds: tuple[int, ...], **changes: Any) -> Trial:
        """A trial that has to come to an end. Raises CheckFailedError."""
        trial = self.trial(seeds, **changes)
        if trial.status != Status.OK:
            raise CheckFailedError(
                f"on {self.task.label}, seeds {seeds}: {trial.status}: {trial.reason}", "fit must work on any batch"
            )
        return trial

    def run(
        self,
        seeds: tuple[int, ...],
        *,
        draws_of: tuple[int, ...] | None = None,
        budget: float | None = None,
        poisoned: int | None = None,
        globals_seed: int = 1,
    ) -> Trial:
        """Fit the problems of these seeds as a job would.

        Args:
            seeds: the replicates.
            draws_of: seeds whose random numbers the method gets instead of its own.
            budget: cost units a replicate may spend; None for no limit.
            poisoned: position of a replicate whose observation becomes NaN.
            globals_seed: what the generators of the process are seeded with.
        """
        cell = Cell(self.task, self.method, "", budget, "float64", FUSED, "")
        trial = Trial()
        with _as_a_job(globals_seed):
            for together, wanted in batches_of(self.method.entry.facts, seeds, len(seeds)):
                job = cell.job(together, ())

                def make(observation: Any, streams: Any, job: Job = job, **options: Any) -> Watched:
                    theirs: Job = {**job, "seeds": list(draws_of or ())}
                    given = streams if draws_of is None else job_streams(theirs, "method", self._live_task)
                    return Watched(observation, given, **options)

                try:
                    problem = pose_problem(job, self._live_task, make)
                except UnsupportedError as error:  # the task's own: this machine lacks what it draws from
                    trial.status, trial.reason = Status.SKIPPED, str(error)
                    break
                assert isinstance(problem, Watched)
                if poisoned is not None and seeds[poisoned] in together:
                    problem.observations[[*together].index(seeds[poisoned])] = torch.nan
                self._fit(problem, together, wanted, trial)
                if trial.status != Status.OK:
                    break
        return trial

    def _fit(self, problem: Watched, together: Sequence[int], wanted: Sequence[int], trial: Trial) -> None:
        shown, before = problem.observations.clone(), _global_states()
        try:
            solution = build(self.method).fit(problem)
            self._keep(problem, solution, together, wanted, trial)
        except UnsupportedError as error:
            trial.status, trial.reason = Status.SKIPPED, str(error)
        except BudgetExceededError as error:
            trial.status, trial.reason = Status.BUDGET, str(error)
        except (Exception, SystemExit) as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{place.filename.rpartition('/')[2]}, line {place.lineno}"
            trial.status, trial.reason = Status.ERROR, short(f"{type(error).__name__}: {error} ({where})", 300)
        after = _global_states()
        trial.touched = tuple(name for name in before if before[name] != after[name]) or trial.touched
        trial.changed_problem |= shown.numpy().tobytes() != problem.observations.detach().numpy().tobytes()
        trial.wrong_shapes = trial.wrong_shapes or problem.misfit
        trial.late = max(trial.late, problem.late)
        trial.refunds |= problem.refunds
        if trial.status == Status.OK and bool(problem.exhausted.any()):
            trial.status, trial.reason = Status.BUDGET, "over the budget"

    def _keep(
        self, problem: Watched, solution: Any, together: Sequence[int], wanted: Sequence[int], trial: Trial
    ) -> None:
        if not isinstance(solution, Solution):
            raise TypeError(f"fit returned {type(solution).__name__}, not problem.solution(parameters)")
        returned = problem.given if solution.parameters is not None else None
        if returned is None:
            returned = solution.parameters or self._laws(solution, together)
        expected = {name: (len(together), *shape) for name, shape in problem.shapes.items()}
        if solution.parameters is not None:
            shapes = {name: tuple(value.shape) for name, value in returned.items()}
            if shapes != expected:
                trial.wrong_shapes = f"parameters {shapes}, not {expected}"
        for name, value in solution.details.items():
            if not isinstance(value, Tensor) or tuple(value.shape) != (len(together),):
                kind = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
                trial.wrong_shapes = f"detail '{name}' is {kind}, not a tensor of shape ({len(together)},)"
        if trial.wrong_shapes:
            raise ValueError(trial.wrong_shapes)
        everything = {**returned, **{f"detail {name}": value.detach() for name, value in solution.details.items()}}
        for seed in wanted:
            r = together.index(seed)
            trial.rows[seed] = {name: value[r].clone() for name, value in everything.items()}
            trial.spent[seed] = float(problem.spent[r])

    def _laws(self, solution: Solution, seeds: Sequence[int]) -> dict[str, Tensor]:
        """What a solution without parameters predicts, for a few interventions."""
        job = Cell(self.task, self.method, "", None, "float64", FUSED, "").job(seeds, ())
        family = self._live_task.interventions(job_streams(job, "truth", self._live_task))
        return {f"law {i}": solution.law(g).detach() for i, g in enumerate((family.identity, *family.scored[:3]))}


def _global_states() -> dict[str, Any]:
    numbers = np.random.get_state(legacy=False)
    return {
        "torch": torch.get_rng_state().numpy().tobytes(),
        "numpy.random": repr(numbers["state"]["key"].tobytes()) + repr(numbers["state"]["pos"]),
        "random": random.getstate(),
    }


@contextmanager
def _as_a_job(globals_seed: int) -> Iterator[None]:
    """One thread, float64, the process's generators seeded; all as it was afterwards."""
    threads, default = torch.get_num_threads(), torch.get_default_dtype()
    states = torch.get_rng_state(), np.random.get_state(), random.getstate()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(globals_seed)
    np.random.seed(globals_seed)
    random.seed(globals_seed)
    try:
        yield
    finally:
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])
        torch.set_num_threads(threads)
        torch.set_default_dtype(default)

"""A plugin whose methods misbehave on some seeds, which they know by what they are shown."""

from __future__ import annotations

import hashlib

from conftest import make_job

from indmech_bench.harness.replicates import pose_problem
from indmech_bench.registry.registration import get_task

PLUGIN = '''
import hashlib, os, signal, sys, time
from dataclasses import dataclass

import torch

from indmech_bench import register_method

SEEDS = {seeds!r}


@register_method("well-behaved")
@dataclass(frozen=True)
class WellBehaved:
    """Does nothing at all, in order."""

    def fit(self, problem):
        return problem.solution(problem.start())


@register_method("misbehaving")
@dataclass(frozen=True)
class Misbehaving:
    """Knows its seeds by their observations."""

    def fit(self, problem):
        parameters = problem.start()
        print("x" * 1_000_000)
        for row, observed in enumerate(problem.observations):
            seed = SEEDS[hashlib.sha256(observed.numpy().tobytes()).hexdigest()]
            if seed in (2, 5):
                raise ArithmeticError(f"I do not like\\nseed {{seed}}")
            if seed == 3:
                parameters["k1"][row] = torch.nan
            if seed == 4:
                time.sleep(600)
            if seed == 6:
                os.kill(os.getpid(), signal.SIGKILL)
            if seed == 7:
                torch.empty(1 << 45, dtype=torch.float64)
            if seed == 8:
                sys.exit(0)
        return problem.solution(parameters)
'''


def digests(seeds: range) -> dict[str, int]:
    """Seed of each observation as a method of `fir-natural` sees it."""
    problem = pose_problem(make_job("adam", list(seeds)), get_task("fir-natural"))
    return {
        hashlib.sha256(row.numpy().tobytes()).hexdigest(): seed
        for seed, row in zip(seeds, problem.observations, strict=True)
    }

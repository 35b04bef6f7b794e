"""How fast training is, by batch size: `pytest benchmarks/bench_training.py`. Compare ratios within one run."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from indmech_bench.problem.problem import Problem
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import get_method, get_task
from indmech_bench.scm.streams import streams


@pytest.mark.parametrize("replicates", [1, 64, 512])
@pytest.mark.parametrize("method", ["adam:steps=50", "independence-penalty:steps=50"])
def test_fifty_steps(benchmark: Any, method: str, replicates: int) -> None:
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    task, settings = get_task("fir-natural"), Catalogue.read().find("task", "fir-natural").defaults
    truth, own = (
        streams(domain, "", "fir-natural", settings, 1, list(range(replicates))) for domain in ("truth", "method")
    )
    observation = task.observe(task.sample(truth), truth)
    trainer = get_method(method)
    benchmark(lambda: trainer.fit(Problem(observation, own)))

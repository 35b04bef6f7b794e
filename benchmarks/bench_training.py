"""What training costs by family, way and replicates.

`pytest benchmarks/bench_training.py --benchmark-timer=time.process_time`: compare ratios within one run. The table with
the arithmetic floor beside it: `python benchmarks/speed.py`.
"""

from __future__ import annotations

from typing import Any

import pytest
from problems import FAMILIES, OBJECTIVES, posed, stepper

STEPS = {"plain": 20, "fused": 200}


@pytest.mark.parametrize("replicates", [1, 32, 512, 4096])
@pytest.mark.parametrize("way", STEPS)
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("family", FAMILIES)
def test_steps(benchmark: Any, family: str, objective: str, way: str, replicates: int) -> None:
    take = stepper(posed(FAMILIES[family], replicates, way), OBJECTIVES[objective])
    count = STEPS[way] if replicates < 512 else 10
    take(2)
    benchmark.extra_info["steps"] = count
    benchmark.pedantic(lambda: take(count), rounds=3)

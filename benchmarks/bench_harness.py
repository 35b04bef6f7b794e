"""What a cell costs beside its method: `pytest benchmarks/bench_harness.py`.

200 cells with a method that does nothing, one job, beside a run of 2 cells: the difference over 198 is the overhead
of a cell, start-up left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from indmech_bench import run

PLUGIN = '''
from dataclasses import dataclass
from indmech_bench import register_method

@register_method("nothing")
@dataclass(frozen=True)
class Nothing:
    """Gives its start back."""
    number: int = 0
    def fit(self, problem):
        return problem.solution(problem.start())
'''


@pytest.mark.parametrize("cells", [2, 200])
def test_cells_that_do_nothing(benchmark: Any, tmp_path: Path, cells: int) -> None:
    plugin = tmp_path / "nothing.py"
    plugin.write_text(PLUGIN)
    methods = [f"nothing:number={number}" for number in range(cells)]
    folders = iter(tmp_path / str(number) for number in range(1000))

    def once() -> None:
        report = run(tasks=["fir-natural"], methods=methods, seeds="1", out=next(folders), plugins=[plugin], jobs=1)
        assert report.ok == cells + 8

    benchmark.pedantic(once, rounds=2, warmup_rounds=1)

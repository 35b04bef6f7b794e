"""What a run would do: checked as the run checks it, what is left of it, and how long that takes here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from indmech_bench.harness.cells import Cell
from indmech_bench.harness.planning import Plan
from indmech_bench.harness.preflight import check_plan
from indmech_bench.harness.progress.timing import measured, probe
from indmech_bench.results.folder import RUNS
from indmech_bench.results.rows import read_rows
from indmech_bench.text.lines import clock


def dry_run(plans: Sequence[Plan]) -> list[str]:
    """Plain lines: the cells that lack rows, then sums, the last one in time. Raises InputError as the run would."""
    workers = max(1, *(check_plan(what) for what in plans))
    rows = {} if plans[0].options.fresh else {row["key"]: row for row in read_rows(plans[0].folder / RUNS)[0]}
    left = [(what, what.left(rows)) for what in plans]
    return [*(line for what, cells in left for line in _lines(what, cells)), _time(left, workers)]


def _lines(what: Plan, left: Sequence[tuple[Cell, Sequence[int]]]) -> Iterator[str]:
    for cell, seeds in left:
        if seeds:
            yield f"{cell.task.label}  {cell.label}  {len(seeds)} of {len(what.seeds)} seeds to run"
    there = what.size - sum(len(seeds) for _, seeds in left)
    asked = f"seeds {what.seeds[0]}-{what.seeds[-1]}, {len(what.cells)} cells"
    yield f"{what.folder}: {what.size} rows, {there} there already; {asked}"


def _time(left: Sequence[tuple[Plan, list[tuple[Cell, list[int]]]]], workers: int) -> str:
    todo = [(cell, len(seeds)) for _, of_plan in left for cell, seeds in of_plan if seeds]
    if not todo:
        return "nothing is left to run"
    what = left[0][0]
    cells = [cell for cell, _ in todo]
    timing, read = measured(what.folder, cells)
    said = [f"rows of this machine in {', '.join(map(str, read))}"] if read else []
    if not all(map(timing.knows, cells)):
        probe(timing, cells, what.plugins)
        said.append("a second's probe")
    seconds = sum((timing.of(cell) or 0.0) * count for cell, count in todo) / workers
    rows, of = sum(count for _, count in todo), "worker" if workers == 1 else "workers"
    return f"{rows} rows to run: about {clock(max(seconds, 1))} on {workers} {of}, by {' and '.join(said)}"

"""What a run would cover: suite and options -> cells, seeds, folder and limits."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from indmech_bench.errors import unknown
from indmech_bench.harness.cells import Cell, make_cells
from indmech_bench.harness.options import RunOptions
from indmech_bench.harness.suites.defaults import configured, folder_for
from indmech_bench.harness.suites.seeds import read_seeds
from indmech_bench.harness.suites.shards import read_shard
from indmech_bench.harness.suites.suite import Suite, check_limits, read_suite
from indmech_bench.harness.tuning.settings_file import check_tuned, read_tuned
from indmech_bench.problem.engine.kernels.compiling import FUSED, PLAIN, is_available
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import resolve
from indmech_bench.results.row_fields import Row
from indmech_bench.results.statuses import FAILED

SMOKE_STEPS = 20
"""Steps of a run that only asks whether everything runs."""


@dataclass(frozen=True)
class Plan:
    """All that a run covers: its cells and seeds, where it writes, under which limits.

    options: what it was asked for, with which it is carried out; what they leave open is decided in the other fields.
    """

    cells: tuple[Cell, ...]
    seeds: tuple[int, ...]
    folder: Path
    timeout: float
    plugins: tuple[str, ...]
    options: RunOptions

    @property
    def size(self) -> int:
        return len(self.cells) * len(self.seeds)

    def row_keys(self) -> set[str]:
        """The key of every row."""
        return {key for cell in self.cells for key in cell.keys(self.seeds).values()}

    def left(self, rows: Mapping[str, Row]) -> list[tuple[Cell, list[int]]]:
        """Each cell with the seeds whose rows are to be made. `rows`: those that are there, by key."""
        again = FAILED if self.options.retry_failed else ()
        done = {key for key, row in rows.items() if row["status"] not in again}
        return [(cell, [seed for seed, key in cell.keys(self.seeds).items() if key not in done]) for cell in self.cells]


def plan(options: RunOptions) -> Plan:
    """What a run with these options, and those of its file, would cover; nothing is written. Raises InputError."""
    return planned(configured(options))


def planned(options: RunOptions) -> Plan:
    """What a run with these options would cover, whatever a file of options says. Raises InputError."""
    plugins = tuple(str(Path(plugin).resolve()) for plugin in options.plugins)
    catalogue = Catalogue.read(Path(path) for path in plugins)
    suite = _suite(options)
    timeout = suite.timeout if options.timeout is None else options.timeout
    budget = suite.budget if options.budget is None else options.budget
    precision = options.precision or suite.precision
    check_limits(budget, timeout, precision)
    training = way_of_training(options.training)
    files = options.settings or (() if options.methods else suite.settings)
    tuned = [read_tuned(path, catalogue) for path in files]
    tasks = options.tasks or suite.tasks or list(dict.fromkeys(file.task.label for file in tuned))
    if tuned:
        named = [resolve(catalogue, "task", label) for label in tasks]
        if options.tasks and not options.settings:
            tuned = [file for file in tuned if file.task in named]
        for sentence in check_tuned(tuned, named, budget, precision):
            warnings.warn(sentence, stacklevel=2)
    every = [] if files else [entry.name for entry in catalogue.of_kind("method")]
    cells = list(
        make_cells(
            catalogue,
            tasks,
            options.methods or suite.methods or every,
            salt=options.salt,
            budget=budget,
            precision=precision,
            training=training,
            tuned=tuned,
            with_references=options.with_references,
            device=options.device or "cpu",
            matched_fit=options.matched_fit or (suite.matched_fit and not options.methods),
        )
    )
    name, seeds = suite.name, tuple(read_seeds(suite.seeds if options.seeds is None else options.seeds))
    if options.smoke:
        cells, name, seeds = [*map(shortened, cells)], f"{name}-smoke", seeds[:1]
    if options.shard:
        shard = read_shard(options.shard)
        cells, name = shard.of(cells), f"{name}-{shard.number}-of-{shard.shards}"
    return Plan(
        cells=tuple(cells),
        seeds=seeds,
        folder=folder_for(options, name),
        timeout=timeout,
        plugins=plugins,
        options=replace(options, curves=options.curves or suite.curves),
    )


def shortened(cell: Cell) -> Cell:
    """The same with SMOKE_STEPS steps at most, where its method has steps."""
    steps = cell.method.settings.get("steps")
    if not isinstance(steps, int) or steps <= SMOKE_STEPS:
        return cell
    return replace(cell, method=replace(cell.method, settings={**cell.method.settings, "steps": SMOKE_STEPS}))


def way_of_training(wanted: str | None) -> str:
    """The way of training that a run takes: fused, where that is possible here. Raises InputError.

    Says so where it is not: the rows are other ones then.
    """
    if wanted not in (None, FUSED, PLAIN):
        raise unknown("way of training", wanted, (FUSED, PLAIN))
    if wanted != PLAIN and not is_available():
        warnings.warn("numba is not installed: training takes the plain way, some thirty times slower.", stacklevel=2)
        return PLAIN
    return wanted or FUSED


def _suite(options: RunOptions) -> Suite:
    """The suite that is run, or one without a list of its own that stands for what is given."""
    if options.suite:
        return read_suite(options.suite)
    return Suite(name="local") if options.tasks or options.settings else read_suite("core")

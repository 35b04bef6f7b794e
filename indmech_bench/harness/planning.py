"""What a run would cover: suite and options -> cells, seeds, folder and limits."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from indmech_bench.harness.cells import Cell, make_cells
from indmech_bench.harness.suites.seeds import read_seeds
from indmech_bench.harness.suites.suite import Suite, check_limits, read_suite
from indmech_bench.harness.tuning.settings_file import check_tuned, read_tuned
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import resolve
from indmech_bench.results.folder import RUNS
from indmech_bench.results.rows import read_rows


@dataclass(frozen=True)
class Plan:
    """All that a run covers: its cells and seeds, where it writes, under which limits."""

    cells: tuple[Cell, ...]
    seeds: tuple[int, ...]
    folder: Path
    timeout: float
    plugins: tuple[str, ...]
    salt: str
    save_solutions: bool = False

    @property
    def size(self) -> int:
        return len(self.cells) * len(self.seeds)

    def row_keys(self) -> set[str]:
        """The key of every row."""
        return {key for cell in self.cells for key in cell.keys(self.seeds).values()}


def plan(
    suite: str | None = None,
    *,
    tasks: Sequence[str] = (),
    methods: Sequence[str] = (),
    settings: Sequence[str | Path] = (),
    seeds: str | None = None,
    out: str | Path | None = None,
    timeout: float | None = None,
    budget: float | None = None,
    precision: str | None = None,
    plugins: Sequence[str | Path] = (),
    salt: str = "",
    save_solutions: bool = False,
    with_references: bool = True,
) -> Plan:
    """What `run` with these arguments would cover; nothing is drawn or written. Raises InputError.

    Without suite and tasks: the suite `core`, or with `settings` the tasks that these files were tuned on. With a
    suite, `tasks`, `methods` and `settings` replace its lists; other methods leave its settings files out, and other
    tasks leave out those tuned elsewhere. Without methods and suite: the methods of `settings`, or every registered
    one, of plugins too. The budget and precision of the run decide, not those of a settings file; where they differ a
    warning says so.
    """
    paths = tuple(str(Path(plugin).resolve()) for plugin in plugins)
    catalogue = Catalogue.read(Path(path) for path in paths)
    chosen = read_suite(suite) if suite else read_suite("core") if not (tasks or settings) else Suite(name="local")
    timeout = chosen.timeout if timeout is None else timeout
    budget = chosen.budget if budget is None else budget
    precision = precision or chosen.precision
    check_limits(budget, timeout, precision)
    files = settings or (() if methods else chosen.settings)
    tuned = [read_tuned(path, catalogue) for path in files]
    labels = tasks or chosen.tasks or list(dict.fromkeys(one.task.label for one in tuned))
    if tuned:
        named = [resolve(catalogue, "task", label) for label in labels]
        if tasks and not settings:
            tuned = [one for one in tuned if one.task in named]
        for sentence in check_tuned(tuned, named, budget, precision):
            warnings.warn(sentence, stacklevel=2)
    listed = methods or chosen.methods or ([] if files else [entry.name for entry in catalogue.of_kind("method")])
    cells = make_cells(
        catalogue,
        labels,
        listed,
        salt=salt,
        budget=budget,
        precision=precision,
        tuned=tuned,
        with_references=with_references,
    )
    return Plan(
        cells=tuple(cells),
        seeds=tuple(read_seeds(seeds or chosen.seeds)),
        folder=Path(out) if out else Path("results") / chosen.name,
        timeout=timeout,
        plugins=paths,
        salt=salt,
        save_solutions=save_solutions,
    )


def dry_run_lines(what: Plan) -> list[str]:
    """What a run would do, in plain lines: cells with the rows that they lack."""
    done = {row["key"] for row in read_rows(what.folder / RUNS)[0]}
    lines = []
    for cell in what.cells:
        missing = sum(key not in done for key in cell.keys(what.seeds).values())
        lines.append(f"{cell.task.label}  {cell.label}  {missing} of {len(what.seeds)} seeds to run")
    present = sum(key in done for key in what.row_keys())
    seeds = f"seeds {what.seeds[0]}-{what.seeds[-1]}"
    return [*lines, f"{what.folder}: {what.size} rows, {present} there already; {seeds}, {len(what.cells)} cells"]

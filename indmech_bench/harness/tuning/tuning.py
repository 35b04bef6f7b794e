"""Tuning: a method's settings for one task, chosen on tuning seeds and written to a settings file."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indmech_bench.errors import InputError, unknown
from indmech_bench.harness.benchmark import run_plan
from indmech_bench.harness.cells import make_cells
from indmech_bench.harness.options import RunOptions
from indmech_bench.harness.planning import Plan, way_of_training
from indmech_bench.harness.suites.defaults import results_place
from indmech_bench.harness.suites.seeds import TUNING, read_seeds
from indmech_bench.harness.suites.suite import DEFAULT_TIMEOUT, check_limits
from indmech_bench.harness.tuning.candidates import Candidate, candidates, choose, judged
from indmech_bench.harness.tuning.columns import table_of
from indmech_bench.harness.tuning.settings_file import METRICS, read_content, write_tuned
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.results.files import cannot_write
from indmech_bench.results.folder import read_folder
from indmech_bench.results.provenance import package_version
from indmech_bench.results.statuses import Status
from indmech_bench.text.document import Document, Section
from indmech_bench.text.lines import printable
from indmech_bench.text.writing import write

PROTOCOLS = {"blind": "tuned-blind", "oracle": "tuned-oracle"}
SEEDS = f"{TUNING.start}-{TUNING.start + 31}"
HOW = ("command", "version")
"""What a settings file says of how it was made: two that differ in nothing else say the same."""


@dataclass(frozen=True)
class Tuning:
    """How a tuning ended. `chosen` is None, and no file written, where each candidate failed on half of the seeds."""

    file: Path
    folder: Path
    candidates: tuple[Candidate, ...]
    chosen: Candidate | None
    reason: str = ""

    def __str__(self) -> str:
        return write(self.document, "table")

    @property
    def document(self) -> Document:
        """The candidates, and what to do with the chosen one."""
        use = f"* chosen, written to {self.file}; use it with: indmech-bench run --settings {self.file}"
        facts = {"file": str(self.file), "folder": str(self.folder)}
        section = Section("", (table_of(self.candidates, self.chosen),), facts)
        return Document(f"Tuning in {self.folder}", (section,), (use,) if self.chosen else ())


def tune(
    method: str,
    *,
    task: str,
    protocol: str,
    seeds: str = SEEDS,
    grid: Sequence[str] = (),
    budget: float | None = None,
    precision: str = "float64",
    out: str | Path | None = None,
    jobs: int | Executor | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    plugins: Sequence[str | Path] = (),
    salt: str = "",
) -> Tuning:
    """Choose a method's settings for one task on tuning seeds, and write them to a file for `run(settings=[...])`.

    The method as given is always a candidate. Ties (a relative 1e-6; medians below 1e-12 count as 1e-12) go to the
    candidate with the fewest settings changed, then to the first. The candidates' rows are kept in the folder of the
    file's name without `.toml`, and the same call goes on from there. Raises InputError before anything runs for an
    argument that is wrong and for seeds that score; and rather than write over a settings file that says something
    else.

    Args:
        method: as `name:setting=value,...`; settings given there are held.
        task: likewise.
        protocol: `blind` chooses by the median of fit_error, `oracle` by that of extrapolation_error, which no
            practitioner knows.
        seeds: tuning seeds, within 10000-19999.
        grid: `setting=v1|v2|...` each; the method's own grid where none is given.
        budget: cost units a replicate, None for no limit.
        precision: float64 or float32.
        out: the settings file, `results/tuning/<method>-<task>-<protocol>.toml` by default.
        jobs: as in `run`.
        timeout: seconds an attempt.
        plugins: files that register methods or tasks.
        salt: a secret mixed into every truth.
    """
    if protocol not in PROTOCOLS:
        raise unknown("protocol", protocol, PROTOCOLS)
    check_limits(budget, timeout, precision)
    numbers = _tuning_seeds(seeds)
    paths = tuple(str(Path(plugin).resolve()) for plugin in plugins)
    catalogue = Catalogue.read(Path(path) for path in paths)
    methods = candidates(catalogue, method, grid)
    texts = [candidate.label for candidate in methods]
    training = way_of_training(None)
    of_task = make_cells(catalogue, [task], texts, salt=salt, budget=budget, precision=precision, training=training)
    cells = [cell for cell in of_task if not cell.reference]
    metric = METRICS[PROTOCOLS[protocol]]
    file = Path(out) if out else results_place() / "tuning" / f"{_slug(method)}-{_slug(task)}-{protocol}.toml"
    content: dict[str, Any] = {
        "method": methods[0].name,
        "protocol": PROTOCOLS[protocol],
        "task": cells[0].task.label,
        "seeds": f"{numbers[0]}-{numbers[-1]}",
        "budget": _plain(cells[0].budget),
        "precision": precision,
        "metric": metric,
    }
    _refuse_another(file, content)

    command = ["indmech-bench", "tune", method, "--task", task, "--protocol", protocol, "--seeds", content["seeds"]]
    command += [part for text in grid for part in ("--grid", text)]
    command += ["--budget", str(budget)] if budget is not None else []
    command += ["--precision", precision]
    command += [part for path in paths for part in ("--plugin", Path(path).name)]
    command += ["--salt", "***"] if salt else []
    options = RunOptions(salt=salt, jobs=jobs, command=command)
    plan = Plan(tuple(cells), tuple(numbers), file.with_suffix(""), timeout, paths, options)
    run_plan(plan)
    rows = {row["key"]: row for row in read_folder(plan.folder)}
    rows_by_cell = [[rows[key] for key in cell.keys(numbers).values()] for cell in cells]
    tried = tuple(
        judged(cell.method, methods[0], of_cell, metric) for cell, of_cell in zip(cells, rows_by_cell, strict=True)
    )
    chosen = choose(tried)
    if chosen is None:
        failed = next(row for row in rows_by_cell[0] if row["status"] != Status.OK)
        return Tuning(file, plan.folder, tried, None, printable(f"{failed['status']}: {failed['reason']}"))
    content |= {"median": chosen.value, "command": shlex.join(command), "version": package_version()}
    content |= {"settings": {key: _plain(value) for key, value in chosen.method.settings.items()}}
    _write(file, content)
    return Tuning(file, plan.folder, tried, chosen)


def _tuning_seeds(text: str) -> list[int]:
    numbers = read_seeds(text)
    if numbers[0] not in TUNING:
        allowed = f"{TUNING.start}-{TUNING.stop - 1}"
        raise InputError(f"--seeds '{text}' are scored: tune on seeds within {allowed}, which no score comes from.")
    return numbers


def _slug(text: str) -> str:
    """A name with settings as a part of a file name."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-.")


def _plain(value: Any) -> Any:
    """A value as a settings file has it."""
    return "none" if value is None else value


def _refuse_another(file: Path, content: dict[str, Any]) -> None:
    """Raises InputError when the settings file is there and says something else, or its name is none for one."""
    if file.suffix != ".toml":
        raise InputError(f"--out '{file}' must end in .toml: the rows go into the folder of that name without it.")
    there = read_content(file) if file.exists() else content
    for key, value in content.items():
        if key not in HOW and there[key] != value:
            what = f"{key} {there[key]!r}, not {value!r}"
            raise InputError(f"'{file}' is there already and has {what}: give another --out.")


def _write(file: Path, content: dict[str, Any]) -> None:
    """Write a settings file, whole or not at all; one that says the same stays as it is. Raises InputError."""
    _refuse_another(file, content)
    if file.exists():
        return
    partial = file.with_suffix(".partial")
    try:
        partial.write_text(write_tuned(content), encoding="utf-8")
        partial.replace(file)
    except OSError as error:
        raise cannot_write(file, error) from error

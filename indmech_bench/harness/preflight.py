"""What is checked before a run writes anything: every task and method is built once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from indmech_bench.errors import InputError, unknown
from indmech_bench.harness.cells import Cell
from indmech_bench.harness.planning import Plan
from indmech_bench.harness.suites.defaults import cores, default_jobs
from indmech_bench.harness.workers.running import check_jobs
from indmech_bench.registry import notebook as session
from indmech_bench.registry.code_identity import source_hash
from indmech_bench.registry.entries import Entry
from indmech_bench.registry.registration import build, forget, is_plugin, live
from indmech_bench.results.curves import CURVES
from indmech_bench.results.folder import ERRORS, LOCK, MANIFEST, RUNS, refuse_packed
from indmech_bench.results.parameter_files import SOLUTIONS

MOST_A_CORE = 8
"""Workers for a core at most: beyond that they only wait for each other, and each takes the memory of torch."""
BESIDE_ROWS = {RUNS, MANIFEST, LOCK, ERRORS, SOLUTIONS, CURVES}
"""What a results folder may hold before it has rows."""
DEVICES = {"cpu": "True", "cuda": "torch.cuda.is_available()", "mps": "torch.backends.mps.is_available()"}
"""Each device, and how torch says that it is there."""
_IMPORTED: dict[tuple[str, str, str], str] = {}
"""The source of each name when this process imported it."""


def check_plan(what: Plan) -> int:
    """Everything that a run checks before it writes: how many workers it would have. Raises InputError."""
    jobs = what.options.jobs
    if what.options.dask and jobs is not None:
        raise InputError("--dask and --jobs exclude each other: the cluster has its own workers.")
    workers = default_jobs() if jobs is None else jobs
    if isinstance(workers, int):
        check_jobs(workers)
        if workers > MOST_A_CORE * cores():
            raise InputError(f"--jobs {workers} is more than {MOST_A_CORE} for each of the {cores()} cores here.")
    elsewhere = bool(what.options.dask) or not isinstance(workers, int)
    check_device(what.options.device or "cpu", what.cells, elsewhere=elsewhere)
    _check_folder(what.folder)
    check_objects(what.cells, in_place=workers == 0 and not what.options.dask)
    return workers if isinstance(workers, int) else cores()


def _check_folder(folder: Path) -> None:
    """Raises InputError for a folder that holds something else than results, or packed ones."""
    refuse_packed(folder)
    if not folder.exists() or (folder / RUNS).is_file():
        return
    if not folder.is_dir():
        raise InputError(f"--out '{folder}' is a file: give a folder.")
    others = sorted(path.name for path in folder.iterdir() if path.name not in BESIDE_ROWS)
    if others:
        some = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
        raise InputError(f"--out '{folder}' holds what are no results ({some}): give a new or an empty folder.")


def check_objects(cells: Iterable[Cell], *, in_place: bool) -> None:
    """Raises InputError for settings out of range, a dependence out of reach, a name that jobs would not find.

    `in_place`: the jobs are to run in this process.
    """
    distinct = {(named.entry.kind, named.label): named for cell in cells for named in (cell.task, cell.method)}
    for (kind, _), named in distinct.items():
        if kind == "reference":
            live(named.entry)
        elif named.entry.module == session.MODULE:
            if not in_place:
                raise InputError(
                    f"{kind} '{named.name}' is defined in this session, where worker processes cannot reach it: "
                    f"use jobs=0, or put it in a file and give plugins=['FILE.py']."
                )
            build(named)
        else:
            _renew(named.entry, in_place)
            build(named)


def check_device(device: str, cells: Iterable[Cell], *, elsewhere: bool) -> None:
    """Raises InputError for a device that is not known, is not on this machine, or cannot do what is asked of it.

    elsewhere: the jobs are to run on machines that cannot be asked.
    """
    if device not in DEVICES:
        raise unknown("device", device, DEVICES)
    if device == "cpu":
        return
    if device == "mps" and any(cell.precision == "float64" and not cell.reference for cell in cells):
        raise InputError("device 'mps' has no float64: give --precision float32.")
    # asked in another process: one that has used a GPU must not be forked
    asked = f"import sys, torch; sys.exit(not {DEVICES[device]})"
    if not elsewhere and subprocess.run([sys.executable, "-c", asked]).returncode:
        raise InputError(f"device '{device}' is not there: torch finds none on this machine.")


def _renew(entry: Entry, in_place: bool) -> None:
    """Have a plugin that was edited imported anew. Raises InputError where that is not enough."""
    now, key = source_hash(entry), (entry.kind, entry.name, entry.module)
    if _IMPORTED.setdefault(key, now) == now:
        return
    if in_place or not is_plugin(entry):
        raise InputError(
            f"{entry.kind} '{entry.name}' has been edited since this process imported it: start a new process."
        )
    forget(entry)
    _IMPORTED[key] = now

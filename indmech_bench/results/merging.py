"""Several results folders made one, packed or not. What goes in is only read; what contradicts itself is refused."""

from __future__ import annotations

import json
import lzma
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indmech_bench.errors import InputError
from indmech_bench.registry.identity import SCHEMA
from indmech_bench.results.current import newest
from indmech_bench.results.curves import CURVES, copy_without_pictures
from indmech_bench.results.files import DIGITS, PACKED, cannot_write, key_in_name
from indmech_bench.results.folder import (
    ERRORS,
    MANIFEST,
    PACKED_RUNS,
    RUNS,
    existing_folder,
    read_folder,
    read_manifest,
    rows_file,
)
from indmech_bench.results.parameter_files import SOLUTIONS
from indmech_bench.results.row_fields import Row
from indmech_bench.results.row_lines import write_line
from indmech_bench.results.rows import uncollected
from indmech_bench.results.statuses import Status
from indmech_bench.statistics.significance import TIE


@dataclass(frozen=True)
class Merged:
    """The new folder, how many rows it holds, and what is to be said about them."""

    folder: Path
    rows: int
    sentences: tuple[str, ...]


@uncollected()
def merge(folders: Sequence[str | Path], *, out: str | Path, packed: bool = False, pictures: bool = True) -> Merged:
    """Make one results folder of two or more; `out` must not exist, and exists only once it is whole.

    packed: with its rows compressed (xz), a tenth of the size, to be read and not written to; one folder will do then,
    as it does to unpack a packed one. pictures: whether those that rows keep come along, which take most of the room;
    curves and solutions do.

    Rows keep the order of the folders as given, so that where a cell was made by different code the last folder's
    counts. Of rows with one key an ok one is kept before one that is not, else the first; two that are ok must agree
    in every metric to within 1e-6 max(1, |a|, |b|). Manifests are joined, tracebacks and saved
    parameters copied. Raises InputError.
    """
    places = [existing_folder(folder) for folder in folders]
    goal = Path(out)
    if len(places) < 2 and not packed and rows_file(places[0]).suffix != PACKED:
        raise InputError("merge needs two results folders or more, or one to pack (--packed).")
    if goal.exists():
        raise InputError(f"'{goal}' exists already: merge makes a new folder.")
    content = [read_folder(place) for place in places]
    manifest = _joined(places)
    kept: dict[str, tuple[int, Row]] = {}
    counts: Counter[str] = Counter()
    for number, rows in enumerate(content):
        for row in rows:
            before = kept.get(row["key"])
            if before is None or _replaces(before, (number, row), places, counts):
                kept[row["key"]] = number, row
    _write(goal, list(kept.values()), places, manifest, packed, pictures)
    return Merged(goal, len(kept), tuple(_sentences(goal, content, [row for _, row in kept.values()], places, counts)))


def _replaces(before: tuple[int, Row], after: tuple[int, Row], places: Sequence[Path], counts: Counter[str]) -> bool:
    """Whether a row takes the place of one with its key; counts what happened. Raises InputError when they disagree."""
    (first, row), (second, again) = before, after
    if row["status"] == again["status"] == Status.OK:
        if row["metrics"] == again["metrics"]:
            counts["same"] += 1
        elif _agree(row["metrics"], again["metrics"]):
            counts["near"] += 1
        else:
            names = sorted(
                name
                for name in {*row["metrics"], *again["metrics"]}
                if not _near(row["metrics"].get(name), again["metrics"].get(name))
            )
            raise InputError(
                f"'{places[first]}' and '{places[second]}' contradict each other: {row['method']} on {row['task']}, "
                f"seed {row['seed']}, key {row['key'][:12]}, has {names[0]} {row['metrics'].get(names[0])} and "
                f"{again['metrics'].get(names[0])}."
            )
        return False
    if Status.OK in (row["status"], again["status"]):
        counts["mended"] += 1
        return bool(again["status"] == Status.OK)
    counts["same"] += 1
    return False


def _agree(metrics: dict[str, Any], others: dict[str, Any]) -> bool:
    return all(_near(metrics.get(name), others.get(name)) for name in {*metrics, *others})


def _near(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return a == b or abs(a - b) <= TIE * max(1, abs(a), abs(b))


def _joined(places: Sequence[Path]) -> dict[str, Any]:
    runs: dict[str, Any] = {}
    for place in places:
        for run, entry in read_manifest(place)["runs"].items():
            if runs.setdefault(run, entry) != entry:
                raise InputError(f"'{place}' has another run under the name {run}: one of the manifests was edited.")
    return {"schema": SCHEMA, "runs": runs}


def _write(
    goal: Path,
    rows: Sequence[tuple[int, Row]],
    places: Sequence[Path],
    manifest: dict[str, Any],
    packed: bool,
    pictures: bool,
) -> None:
    """Write the folder under another name and rename it, so that it is whole or absent."""
    partial = goal.with_name(f"{goal.name}.partial")
    if partial.exists():
        raise InputError(f"'{partial}' exists, left by a merge that was cut off: remove it first.")
    try:
        partial.mkdir(parents=True)
        with lzma.open(partial / PACKED_RUNS, "wb") if packed else (partial / RUNS).open("wb") as file:
            file.writelines(write_line(row) for _, row in rows)
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")
        _copy_files(partial, {row["key"][:DIGITS]: places[number] for number, row in rows}, places, pictures)
        partial.rename(goal)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise cannot_write(goal, error) from error


def _copy_files(goal: Path, kept: Mapping[str, Path], places: Sequence[Path], pictures: bool) -> None:
    """Copy tracebacks, parameters and curves; of two with one name those of the folder whose row is kept."""
    for place in places:
        for file in sorted(file for name in (ERRORS, SOLUTIONS, CURVES) for file in (place / name).rglob("*.*")):
            copy = goal / file.relative_to(place)
            if file.is_file() and (not copy.exists() or kept.get(key_in_name(file)) == place):
                copy.parent.mkdir(parents=True, exist_ok=True)
                if pictures or file.parent.name != CURVES:
                    shutil.copyfile(file, copy)
                else:
                    copy_without_pictures(file, copy)


def _sentences(
    goal: Path, content: Sequence[list[Row]], rows: list[Row], places: Sequence[Path], counts: Counter[str]
) -> list[str]:
    said = [f"{goal}: {len(rows)} rows of {', '.join(f'{p} ({len(c)})' for p, c in zip(places, content, strict=True))}"]
    if counts["same"]:
        said.append(f"{counts['same']} rows were there twice, the same")
    if counts["near"]:
        said.append(f"{counts['near']} rows differ by less than 1e-6: those of the folder named first are kept")
    if counts["mended"]:
        said.append(f"{counts['mended']} rows that failed in one folder are ok in another: the ok ones are kept")
    hidden = newest(rows)[1] - sum(newest(rows_of_folder)[1] for rows_of_folder in content)
    if hidden > 0:
        said.append(
            f"{hidden} rows were made by other code than those of the folder named last: they are in the file, and "
            "tables leave them out"
        )
    return said

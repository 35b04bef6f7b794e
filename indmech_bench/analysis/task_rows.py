"""What is known of the tasks of some folders: their families, and which are controls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from indmech_bench.analysis.labels import with_labels
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.notation import label
from indmech_bench.results.current import newest
from indmech_bench.results.folder import read_folder, read_manifest
from indmech_bench.results.row_fields import LabelledRow, TaskRow


def families(places: Sequence[Path]) -> dict[str, str]:
    """Task -> family: by the installed catalogue, else as the folders' manifests have it."""
    installed = {entry.name: entry.facts.get("family", "") for entry in Catalogue.read().of_kind("task")}
    return {task: family for run in _runs(places) for task, family in run.get("families", {}).items()} | installed


def with_tasks(rows: Sequence[LabelledRow], places: Sequence[Path]) -> list[TaskRow]:
    """The rows with `family` and `control`: by the installed catalogue, else as the folders' manifests have it."""
    family_of = families(places)
    recorded = {control for run in _runs(places) for control in run.get("controls", [])}
    installed = {entry.name: entry for entry in Catalogue.read().of_kind("task")}
    controls: dict[tuple[str, int], bool] = {}
    found: list[TaskRow] = []
    for row in rows:
        name, settings = row["task"], row["task_settings"]
        task = name, id(settings)  # rows of a file share their settings
        if task not in controls:
            entry = installed.get(name)
            controls[task] = entry.is_control(settings) if entry else label(name, settings, {}) in recorded
        found.append({**row, "family": family_of.get(name, ""), "control": controls[task]})
    return found


def newest_rows(place: Path) -> list[TaskRow]:
    """The rows of a folder's newest code, with labels and what is known of their tasks."""
    return with_tasks(with_labels(newest(read_folder(place))[0]), [place])


def _runs(places: Sequence[Path]) -> list[dict[str, Any]]:
    return [run for place in places for run in read_manifest(place)["runs"].values()]


def marked(task: str, control: bool) -> str:
    """A task as tables show it to readers."""
    return f"{task} (control)" if control else task

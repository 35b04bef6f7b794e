"""What a run ran on: versions, commit, machine."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from indmech_bench.registry.notation import Named, label

PACKAGES = ("indmech-bench", "torch", "numpy")
SALT, MASK = "--salt", "***"


def new_run_id() -> str:
    """A name for one invocation: its time and a few random characters."""
    return f"{datetime.now(UTC).strftime('%Y%m%dT%H%M%SZ')}-{uuid.uuid4().hex[:6]}"


def package_version() -> str:
    """The installed version of indmech-bench."""
    return importlib.metadata.version("indmech-bench")


def about_tasks(tasks: Iterable[Named]) -> dict[str, Any]:
    """What tables must know of tasks whose plugin is not installed where they are made.

    `families`: task -> family; `controls`: the tasks, with all their settings, whose truths have a given rho.
    """
    known = list(tasks)
    return {
        "families": {task.name: task.entry.facts.get("family", "") for task in known},
        "controls": sorted({label(task.name, task.settings, {}) for task in known if task.control}),
    }


def provenance(command: Sequence[str]) -> dict[str, Any]:
    """Versions, commit, whether the checkout was dirty, processor, device, command (without its salt), time."""
    commit, dirty = _git_state()
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": without_salt(command),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "commit": commit,
        "dirty": dirty,
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "device": "cpu",
    }


def without_salt(command: Sequence[str]) -> list[str]:
    """A command as anyone may read it: what follows --salt is masked, and nothing else that happens to contain it."""
    masked: list[str] = []
    for word in command:
        if masked and masked[-1] == SALT:
            word = MASK
        masked.append(f"{SALT}={MASK}" if word.startswith(f"{SALT}=") else word)
    return masked


def machine(entry: Mapping[str, Any] | None = None) -> tuple[Any, ...]:
    """What says whether seconds can be compared: processor and cores, of a manifest's entry or of this machine."""
    if entry is None:
        return _processor(), os.cpu_count()
    return entry.get("processor"), entry.get("cores")


def _git_state() -> tuple[str | None, bool | None]:
    """Commit of the checkout this package runs from, and whether it has changes; None for an installed copy."""

    def git(*arguments: str) -> str:
        folder = Path(__file__).parent
        finished = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=True
        )
        return finished.stdout.strip()

    try:
        if not git("ls-files", "--", Path(__file__).name):
            return None, None
        return git("rev-parse", "HEAD"), bool(git("status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return None, None


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()

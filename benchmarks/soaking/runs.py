"""The runs of a soak, the processes that belong to them, and signals to those alone."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Soak:
    """The folder, the random numbers, the processes and the faults of one soak."""

    def __init__(self, folder: Path, generator: random.Random) -> None:
        self.folder, self.random = folder, generator
        self.mark = f"INDMECH_SOAK={folder}"
        self.done: Counter[str] = Counter()
        self.faults: list[str] = []
        (folder / "tmp").mkdir()

    def start(self, *words: str, program: str = "", **options: Any) -> subprocess.Popen[str]:
        """A run of the suite with more words, or a program in its place; it and its children bear the mark."""
        name, _, value = self.mark.partition("=")
        code = ["-c", program] if program else ["-m", "indmech_bench.cli", "run", "soak.toml", *words]
        code += [] if program else ["--plugin", "soaked.py", "--out", "r", "--jobs", "2"]
        return subprocess.Popen(
            [sys.executable, *code], cwd=self.folder, text=True, start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, name: value, "TMPDIR": str(self.folder / "tmp"), "PYTHONPATH": str(ROOT)}, **options,
        )  # fmt: skip

    def marked(self) -> dict[int, int]:
        """Living processes that bear the mark, with their parents."""
        found = {}
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (place / "environ").read_bytes().split(b"\0"):
                    state, parent = (place / "stat").read_text().rpartition(")")[2].split()[:2]
                    if state != "Z":
                        found[int(place.name)] = int(parent)
            except OSError:
                continue
        return found

    def pick(self, run: subprocess.Popen[str], depth: int) -> int | None:
        """The run itself, one of its runners, or a child of one."""
        family, level = self.marked(), [run.pid]
        for _ in range(depth):
            level = [pid for pid, parent in family.items() if parent in level]
        return self.random.choice(level) if level else None

    def signal(self, run: subprocess.Popen[str], depth: int, what: int) -> int | None:
        """Send a signal to what `pick` finds; which process had it."""
        pid = self.pick(run, depth)
        if pid is not None:
            try:
                os.kill(pid, what)
            except ProcessLookupError:
                return None
        return pid

    def end(self, run: subprocess.Popen[str], allowed: tuple[int, ...]) -> None:
        """Wait for a run; it must end as allowed, without a traceback of ours."""
        _, err = run.communicate()
        if run.returncode not in allowed or "Traceback" in err:
            self.faults.append(f"exit {run.returncode}: {err[-2000:]}")

    def wait(self, run: subprocess.Popen[str]) -> bool:
        """Some seconds of undisturbed work, once rows are written; whether it still runs."""
        before, end = self.size(), time.monotonic() + 120
        while self.size() == before and run.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(self.random.uniform(0.1, 6))
        return run.poll() is None

    def size(self) -> int:
        """Bytes of the rows that are on disk."""
        runs = self.folder / "r/runs.jsonl"
        return runs.stat().st_size if runs.exists() else 0

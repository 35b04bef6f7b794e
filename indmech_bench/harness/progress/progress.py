"""What a run says while it runs: a bar in a terminal, elsewhere a line for each finished cell."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Never, Self

from tqdm import tqdm

from indmech_bench.harness.cells import Cell
from indmech_bench.harness.progress.timing import Timing
from indmech_bench.harness.workers.messages import Job, Outcome
from indmech_bench.results.statuses import FAILED
from indmech_bench.text.lines import clock, printable

BAR = "{percentage:3.0f}%|{bar:16}| {desc}"
TICK = 1.0
"""Seconds after which a bar shows the time again."""


class Progress:
    """Counts what comes in, and says it on standard error: nothing where it is quiet, each job where verbose.

    Time left is that of the rows that are left, each cell's as measured, by how fast rows have come since the first.
    """

    def __init__(
        self,
        todo: Sequence[tuple[Cell, Job]],
        order: Sequence[Sequence[Job]],
        *,
        workers: int,
        timing: Timing,
        quiet: bool,
        verbose: bool,
    ) -> None:
        """Of a run that is about to begin.

        Args:
            todo: every job with its cell.
            order: the bundles of jobs in the order in which they are begun.
            workers: how many run at once.
            timing: what is known of how long rows take.
            quiet: say nothing.
            verbose: a line for each job and each reason.
        """
        self._cells = {id(job): cell for cell, job in todo}
        self._waiting = {id(bundle): bundle for bundle in order}
        self._bundle = {id(job): id(bundle) for bundle in order for job in bundle}
        self._of_bundle = Counter(self._bundle.values())
        self._jobs = Counter(id(cell) for cell, _ in todo)
        self._rows = Counter[int]()
        for cell, job in todo:
            self._rows[id(cell)] += len(job["seeds"])
        self._by_id = {id(cell): cell for cell, _ in todo}
        self._left = Counter(self._rows)
        self._found: dict[int, Counter[str]] = {number: Counter() for number in self._jobs}
        self._workers, self._timing, self._worked = workers, timing, 0.0
        self._said, self._verbose = not quiet, verbose
        self._began, self._works_since = time.monotonic(), 0.0
        self._bar: tqdm[Never] | None = None
        self._ended, self._counting = threading.Event(), threading.Lock()

    def __enter__(self) -> Self:
        if self._said and sys.stderr is not None and sys.stderr.isatty():
            self._bar = tqdm(total=1.0, bar_format=BAR, dynamic_ncols=True, leave=False)
            self._show()
            threading.Thread(target=self._tick, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        with self._counting:
            if self._bar is not None:
                self._bar.close()
                self._bar = None

    def begin(self, folder: Path, there: int) -> None:
        """The first line. `there`: rows that need not be run."""
        rows, cells = sum(self._rows.values()), len(self._jobs)
        left = self.time_left
        guess = f"; about {clock(left)}" if left is not None else ""
        self._line(
            f"{folder}: {rows} rows of {cells} {_plural('cell', cells)} to run, {there} there already; "
            f"{self._workers} {_plural('worker', self._workers)}{guess}"
        )

    def done(self, job: Job, outcomes: Sequence[Outcome]) -> None:
        """A job has come in."""
        with self._counting:
            self._count(job, outcomes)
            self._show()

    def _count(self, job: Job, outcomes: Sequence[Outcome]) -> None:
        bundle, number = self._bundle[id(job)], id(self._cells[id(job)])
        self._of_bundle[bundle] -= 1
        if self._of_bundle[bundle] == 0:
            self._waiting.pop(bundle, None)
        cell = self._by_id[number]
        for outcome in outcomes:
            seconds = outcome["seconds"]
            if seconds is not None:
                self._timing.note(cell.task.name, cell.method.name, seconds)
            self._worked += self._timing.of(cell) or 0.0 if seconds is None else seconds
        self._found[number].update(outcome["status"] for outcome in outcomes)
        self._left[number] -= len(outcomes)
        self._jobs[number] -= 1
        if not self._works_since:  # before it, workers were starting
            self._works_since = time.monotonic() - self._worked
        if self._jobs[number] and self._verbose:
            self._tell(cell, f"{len(outcomes)} rows, {self._left[number]} more to come")
        if self._verbose:
            for reason in dict.fromkeys(o["reason"] for o in outcomes if o["status"] in FAILED):
                self._tell(cell, reason)
        if not self._jobs[number] and (self._bar is None or self._verbose):
            self._finished(cell)

    @property
    def time_left(self) -> float | None:
        """Seconds until the end, as far as can be said."""
        known = [(self._timing.of(self._by_id[number]), count) for number, count in self._left.items() if count]
        if not known:
            return 0.0
        if any(seconds is None for seconds, _ in known):
            return None
        work = sum((seconds or 0.0) * count for seconds, count in known)
        busy = time.monotonic() - self._works_since
        return max(work * busy / self._worked, work / self._workers) if self._worked else work / self._workers

    @property
    def running(self) -> list[str]:
        """The cells that run now: workers take bundles in their order."""
        begun = list(self._waiting.values())[: self._workers]
        cells = (self._cells[id(job)] for bundle in begun for job in bundle[:1])
        return [f"{cell.task.label} {cell.label}" for cell in cells]

    def _finished(self, cell: Cell) -> None:
        counts = ", ".join(f"{number} {status}" for status, number in self._found[id(cell)].items())
        over = sum(number == 0 for number in self._jobs.values())
        self._tell(cell, f"{counts}; {self._times()}", f"[{over}/{len(self._jobs)}] ")

    def _times(self) -> str:
        left = self.time_left
        elapsed = clock(time.monotonic() - self._began)
        return f"{elapsed} elapsed" + (f", about {clock(left)} left" if left is not None else "")

    def _tell(self, cell: Cell, text: str, before: str = "") -> None:
        self._line(f"{before}{cell.task.label}  {cell.label}: {text}")

    def _line(self, text: str) -> None:
        if not self._said or sys.stderr is None:
            return
        if self._bar is not None:
            self._bar.write(printable(text), file=sys.stderr)
        else:
            print(printable(text), file=sys.stderr, flush=True)

    def _show(self) -> None:
        if self._bar is None:
            return
        left, rows = self.time_left, sum(self._rows.values())
        work = sum((self._timing.of(self._by_id[number]) or 0.0) * count for number, count in self._left.items())
        done = rows - sum(self._left.values())
        self._bar.n = self._worked / (self._worked + work) if left is not None and self._worked else done / rows
        runs = _several(self.running)
        self._bar.set_description_str(f"{done}/{rows} rows, {self._times()}; runs {runs}", refresh=True)

    def _tick(self) -> None:
        while not self._ended.wait(TICK):
            with self._counting:
                self._show()


def _several(names: Iterable[str]) -> str:
    return printable(", ".join(names) or "nothing more")


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"

"""What a check found, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column, Kind, Table, kept, shown


class CheckFailedError(Exception):
    """A check failed: what was seen, and what to change."""

    def __init__(self, seen: str, change: str) -> None:
        super().__init__(seen)
        self.seen, self.change = seen, change


class CheckSkippedError(Exception):
    """A check cannot be made on this machine: what is missing."""


@dataclass(frozen=True)
class Finding:
    """What one check says of one name. `seen` is a remark where it passed.

    after: the check whose failure this one could only repeat, so that it was not run; it counts as passed.
    skipped: what this machine lacks, so that neither this check nor any after it was run; no failure, as in a run.
    """

    name: str
    check: str
    passed: bool
    seen: str = ""
    change: str = ""
    after: str = ""
    skipped: str = ""

    @property
    def result(self) -> str:
        """What a table says of it: ok, FAIL, skipped, or a dash where it was not run."""
        if self.skipped:
            return "skipped"
        return "–" if self.after else "ok" if self.passed else "FAIL"

    def __str__(self) -> str:
        if self.skipped:
            return f"–     the task is skipped: {self.skipped}"
        if self.after:
            return f"–     {self.check}: not run, since {self.after} failed"
        if self.passed:
            return f"ok    {self.check}{': ' if self.seen else ''}{self.seen}"
        return f"FAIL  {self.check}: {self.seen}\n      to do: {self.change}"


def find(name: str, check: str, run: Callable[[], str | None]) -> Finding:
    """Run a check: it returns a remark or None, or raises CheckFailedError."""
    try:
        return Finding(name, check, True, run() or "")
    except CheckFailedError as failure:
        return Finding(name, check, False, failure.seen, failure.change)
    except CheckSkippedError as missing:
        return Finding(name, check, True, skipped=str(missing))


COLUMNS: tuple[Column[Finding], ...] = (
    Column("check", "check", lambda finding: finding.check, kind=Kind.NAME),
    kept("passed", lambda finding: finding.passed),
    shown("result", lambda finding: finding.result, Kind.NAME),
    Column("seen", "seen", lambda finding: finding.seen or finding.skipped or None, kind=Kind.TEXT),
    kept("after", lambda finding: finding.after or None),
    kept("skipped", lambda finding: bool(finding.skipped)),
    Column("to_do", "to do", lambda finding: finding.change or None, kind=Kind.TEXT),
)


def document(findings: list[Finding]) -> Document:
    """The findings, a section a name, with a count at the end."""
    sections = (Section(name, (Table(name, COLUMNS, found),)) for name, found in _by_name(findings).items())
    return Document("Checks", tuple(sections), (counted(findings),))


def _by_name(findings: list[Finding]) -> dict[str, tuple[Finding, ...]]:
    names = dict.fromkeys(finding.name for finding in findings)
    return {name: tuple(finding for finding in findings if finding.name == name) for name in names}


def counted(findings: list[Finding]) -> str:
    """How many checks there were, how many failed, and how many were not run for that; which names were skipped."""
    made = [finding for finding in findings if not finding.skipped]
    passed_over = sum(bool(finding.after) for finding in made)
    failed = f"{len(made)} check{'' if len(made) == 1 else 's'}, {sum(not finding.passed for finding in made)} failed"
    skipped = "".join(f"; {finding.name} skipped" for finding in findings if finding.skipped)
    return f"{failed}{f', {passed_over} not run' if passed_over else ''}{skipped}"

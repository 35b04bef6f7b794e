"""What a check found, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column, Kind, Table, kept, shown


class CheckFailedError(Exception):
    """A check failed: what was seen, and what to change."""

    def __init__(self, seen: str, change: str) -> None:
        super().__init__(seen)
        self.seen, self.change = seen, change


@dataclass(frozen=True)
class Finding:
    """What one check says of one name. `seen` is a remark where it passed."""

    name: str
    check: str
    passed: bool
    seen: str = ""
    change: str = ""

    def __str__(self) -> str:
        if self.passed:
            return f"ok    {self.check}{': ' if self.seen else ''}{self.seen}"
        return f"FAIL  {self.check}: {self.seen}\n      to do: {self.change}"


def find(name: str, check: str, run: Callable[[], str | None]) -> Finding:
    """Run a check: it returns a remark or None, or raises CheckFailedError."""
    try:
        return Finding(name, check, True, run() or "")
    except CheckFailedError as failure:
        return Finding(name, check, False, failure.seen, failure.change)


COLUMNS: tuple[Column[Finding], ...] = (
    Column("check", "check", lambda finding: finding.check, kind=Kind.NAME),
    kept("passed", lambda finding: finding.passed),
    shown("result", lambda finding: "ok" if finding.passed else "FAIL", Kind.NAME),
    Column("seen", "seen", lambda finding: finding.seen or None, kind=Kind.TEXT),
    Column("to_do", "to do", lambda finding: finding.change or None, kind=Kind.TEXT),
)


def document(findings: list[Finding]) -> Document:
    """The findings, a section a name, with a count at the end."""
    names = dict.fromkeys(finding.name for finding in findings)
    found = {name: tuple(finding for finding in findings if finding.name == name) for name in names}
    sections = tuple(Section(name, (Table(name, COLUMNS, own),)) for name, own in found.items())
    failed = sum(not finding.passed for finding in findings)
    return Document("Checks", sections, (f"{len(findings)} checks, {failed} failed",))


def lines(findings: list[Finding]) -> list[str]:
    """The same for a terminal: a line a check, a second one on what to do where it failed."""
    of_all = document(findings)
    return [line for section in of_all.sections for line in _of_section(section)] + [*of_all.notes]


def _of_section(section: Section) -> Iterator[str]:
    yield section.name
    yield from (str(finding) for table in section.tables for finding in table.items)

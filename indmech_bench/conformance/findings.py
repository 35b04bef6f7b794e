"""What a check found, in two lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


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


def written(findings: list[Finding]) -> Iterator[str]:
    """The findings as lines, name by name, with a count at the end."""
    for name in dict.fromkeys(finding.name for finding in findings):
        yield name
        yield from (str(finding) for finding in findings if finding.name == name)
    failed = sum(not finding.passed for finding in findings)
    yield f"{len(findings)} checks, {failed} failed"

"""Makes the tables of README.md and of the pages anew from results: each stands under the command that it is of.

    <!-- indmech-bench leaderboard results/core --format md | tables 1 3 | columns rank method score | bare -->
    ...
    <!-- end -->

What is between the two comments is the command's output. After `|`: `tables` keeps these of its tables, counted from 1;
`rows` and `columns` keep lines and columns by their heads, `transposed` exchanges them, `plain` leaves intervals in
brackets out, `bare` the headings.

    python docs/refresh.py --results DIR    # DIR holds results/, see `docs/runs.sh`
"""

from __future__ import annotations

import argparse
import functools
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"<!-- indmech-bench (.+?) -->\n(.*?)<!-- end -->", re.DOTALL)
Cells = list[list[str]]


@dataclass(frozen=True)
class Shown:
    """What of a command's output a page shows."""

    arguments: tuple[str, ...]
    tables: tuple[int, ...] = ()
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    transposed: bool = False
    plain: bool = False
    bare: bool = False

    @classmethod
    def read(cls, text: str) -> Shown:
        """Of the text of a comment. Raises ValueError for an option that is none."""
        command, *options = (shlex.split(part) for part in text.split(" | "))
        named: dict[str, tuple[str, ...]] = {option[0]: tuple(option[1:]) for option in options}
        if unknown := named.keys() - {"tables", "rows", "columns", "transposed", "plain", "bare"}:
            raise ValueError(f"unknown options {sorted(unknown)} in '{text}'")
        return cls(
            tuple(command),
            tables=tuple(map(int, named.get("tables", ()))),
            rows=named.get("rows", ()),
            columns=named.get("columns", ()),
            transposed="transposed" in named,
            plain="plain" in named,
            bare="bare" in named,
        )


def blocks(page: str) -> list[tuple[str, str]]:
    """The comment and the text of each block of a page."""
    return BLOCK.findall(page)


def pages() -> list[Path]:
    """README.md and the pages."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def refreshed(page: str, results: Path, of: str = "") -> str:
    """The page with its blocks made anew, those of one folder alone if it is named.

    results: the folder that the commands run in.
    """

    def anew(found: re.Match[str]) -> str:
        wanted = not of or of in Shown.read(found[1]).arguments
        return f"<!-- indmech-bench {found[1]} -->\n{_made(found[1], results)}\n<!-- end -->" if wanted else found[0]

    return BLOCK.sub(anew, page)


def _made(text: str, results: Path) -> str:
    shown = Shown.read(text)
    return "\n\n".join(selected(_output(shown.arguments, results), shown))


@functools.cache
def _output(arguments: tuple[str, ...], results: Path) -> str:
    """What the command prints: once, however many blocks show parts of it."""
    command = [sys.executable, "-m", "indmech_bench.cli", *arguments]
    return subprocess.run(command, cwd=results, capture_output=True, text=True, check=True).stdout


def selected(output: str, shown: Shown) -> Iterator[str]:
    """The tables of an output that are shown, each under its heading."""
    for number, (heading, cells) in enumerate(tables_of(output), 1):
        if shown.tables and number not in shown.tables:
            continue
        head, *lines = cells
        lines = [line for line in lines if not shown.rows or line[0] in shown.rows]
        if shown.columns:
            lines = [[cell for name, cell in zip(head, line, strict=True) if name in shown.columns] for line in lines]
            head = [name for name in head if name in shown.columns]
        if shown.plain:
            lines = [[_plain(name, cell) for name, cell in zip(head, line, strict=True)] for line in lines]
        grid = [head, *lines]
        if shown.transposed:
            grid = [list(column) for column in zip(*grid, strict=True)]
        table = "\n".join(_line(line) for line in (grid[0], ["---"] * len(grid[0]), *grid[1:]))
        yield table if shown.bare or not heading else f"{heading}\n\n{table}"


def _plain(head: str, cell: str) -> str:
    """A cell without its interval; what stands in brackets behind a method is its protocol, a part of the name."""
    return cell if head == "method" else re.sub(r" \[.*\]$", "", cell)


def tables_of(output: str) -> Iterator[tuple[str, Cells]]:
    """The heading and the cells, the head first, of each Markdown table."""
    heading, cells = "", Cells()
    for line in [*output.splitlines(), ""]:
        if line.startswith("|"):
            cells.append([cell.strip() for cell in line.strip().strip("|").split(" | ")])
            continue
        if cells:
            yield heading, [cells[0], *cells[2:]]
            heading, cells = "", []
        if line.startswith("#"):
            heading = line


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--results", type=Path, required=True)
    options.add_argument("--of", default="", help="only tables of this folder, such as results/core")
    options.add_argument("pages", nargs="*", type=Path, default=pages())
    given = options.parse_args()
    for path in given.pages:
        page = path.read_text(encoding="utf-8")
        if blocks(page):
            path.write_text(refreshed(page, given.results, given.of), encoding="utf-8")
            print(f"{path}: {len(blocks(page))} tables or lists of them")


if __name__ == "__main__":
    main()

"""How a leaderboard is written: terminal table, Markdown, CSV, JSON."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
import sys
from typing import TYPE_CHECKING, Any

from indmech_bench.errors import unknown

if TYPE_CHECKING:
    from indmech_bench.ranking import Leaderboard, Line

FORMATS = ("table", "md", "csv", "json")
SHORT = {"extrapolation_error": "e", "fit_error": "fit"}


def render(board: Leaderboard, form: str) -> str:
    """The leaderboard in one of FORMATS. Raises InputError."""
    if form not in FORMATS:
        raise unknown("format", form, FORMATS)
    return {"table": as_text, "md": as_markdown, "csv": as_csv, "json": as_json}[form](board)


def number(value: float | None) -> str:
    """Three significant digits; `inf` for what a failure counts as, a dash for what is absent."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    if abs(value) < 1e-3 or abs(value) >= 1e5:
        return f"{value:.0e}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{digits}f}"


def _overall(board: Leaderboard) -> tuple[list[str], list[list[str]]]:
    extra = [] if board.metric in SHORT else [board.metric]
    head = ["rank", "method", "identified", "[95 %]", "e (median)", "fit (median)", *extra, "score (iqm)", "failed",
            "coverage", "cost", "s"]  # fmt: skip
    body = []
    for line in board.lines:
        low, high = line.interval
        body.append([
            "ref" if line.reference else "–" if line.rank is None else str(line.rank),
            line.name,
            f"{line.identified:.2f}" if line.attempted else "–",
            f"{low:.2f}–{high:.2f}" if line.attempted else "–",
            number(line.medians["extrapolation_error"]),
            number(line.medians["fit_error"]),
            *(number(line.medians[name]) for name in extra),
            f"{line.score:.3f}" if line.attempted else "–",
            str(line.failed),
            f"{line.attempted}/{board.pairs}",
            number(line.cost),
            number(line.seconds),
        ])  # fmt: skip
    return head, body


def _by_task(board: Leaderboard, metric: str) -> tuple[list[str], list[list[str]]]:
    body = [[line.name, *(number(line.by_task[task][metric]) for task in board.tasks)] for line in board.lines]
    return ["method", *board.tasks], body


def _sections(board: Leaderboard) -> list[tuple[str, list[str], list[list[str]]]]:
    sections = [("all tasks", *_overall(board)), ("identified, by task", *_by_task(board, "identified"))]
    if board.metric != "identified":
        sections.append((f"median {board.metric}, by task", *_by_task(board, board.metric)))
    return sections


def _notes(board: Leaderboard) -> str:
    seeds = f"{board.pairs} (task, seed) pairs"
    notes = [
        f"{' and '.join(map(str, (board.folder, *board.beside)))}: {len(board.tasks)} tasks, {seeds}.",
        "identified: e < 0.01 and fit < 1e-3. e: extrapolation error, 0 the truth, 1 ignoring the intervention;",
        "about 0.5 is the best constant prediction, 0.9 white noise. Rank: interquartile mean of score = 1/(1+e),",
        "a failure's score is 0.",
        "References (ref) know more than a method may and are never ranked. cost, s: medians a replicate, not ranked.",
    ]
    if board.left_out:
        notes.append(f"{board.left_out} rows made by older code are left out.")
    return "\n".join(notes)


def as_text(board: Leaderboard) -> str:
    """Tables for a terminal, or 200 columns wide where there is none."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    out = io.StringIO()
    width = max(shutil.get_terminal_size().columns, 100) if sys.stdout.isatty() else 200
    console = Console(file=out, width=width, color_system=None, highlight=False, markup=False, emoji=False)
    for name, head, body in _sections(board):
        console.print(name)
        for columns in _pages(head, body, width):
            table = Table(box=box.SIMPLE_HEAD)
            for column in columns:
                left = head[column] == "method"
                table.add_column(head[column], justify="left" if left else "right", no_wrap=left)
            for line, following, cells in zip(board.lines, [*board.lines[1:], board.lines[-1]], body, strict=True):
                table.add_row(*(cells[i] for i in columns), end_section=line.reference != following.reference)
            console.print(table)
    return out.getvalue() + _notes(board)


def _pages(head: list[str], body: list[list[str]], width: int) -> list[list[int]]:
    """Columns that fit beside each other, page by page; a table by task repeats its methods on each."""
    if head[0] != "method":
        return [[*range(len(head))]]
    widths = [max(len(row[i]) for row in (head, *body)) + 3 for i in range(len(head))]
    pages: list[list[int]] = [[0]]
    for column in range(1, len(head)):
        if len(pages[-1]) > 1 and sum(widths[i] for i in pages[-1]) + widths[column] + 3 > width:
            pages.append([0])
        pages[-1].append(column)
    return pages


def as_markdown(board: Leaderboard) -> str:
    """The same tables in Markdown."""
    parts = []
    for name, columns, body in _sections(board):
        rows = [columns, ["---"] * len(columns), *body]
        table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
        parts.append(f"### {name}\n\n{table}")
    return "\n\n".join(parts) + "\n\n" + _notes(board).replace("\n", " ")


def _record(line: Line, board: Leaderboard) -> dict[str, Any]:
    low, high = line.interval
    record: dict[str, Any] = {
        "rank": line.rank,
        "method": line.name,
        "reference": line.reference,
        "identified": line.identified,
        "identified_low": low,
        "identified_high": high,
        **{f"median_{name}": value for name, value in line.medians.items()},
        "score_iqm": line.score,
        "ok": line.ok,
        "failed": line.failed,
        "skipped": line.skipped,
        "missing": line.missing,
        "cost": line.cost,
        "seconds": line.seconds,
    }
    for task in board.tasks:
        for name, value in line.by_task[task].items():
            record[f"{name}:{task}"] = value
    return record


def as_csv(board: Leaderboard) -> str:
    """One line a method, full precision; columns `<metric>:<task>` hold the values by task."""
    records = [_record(line, board) for line in board.lines]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue().rstrip("\n")


def as_json(board: Leaderboard) -> str:
    """The same records as strict JSON; numbers that are not finite are the strings inf and -inf, or null."""
    records = [{name: _plain(value) for name, value in _record(line, board).items()} for line in board.lines]
    content = {"metric": board.metric, "tasks": list(board.tasks), "pairs": board.pairs, "left_out": board.left_out}
    return json.dumps({**content, "lines": records}, indent=1, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value

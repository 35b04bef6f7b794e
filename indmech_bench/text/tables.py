"""How leaderboards are written: terminal table, Markdown, CSV, JSON; as documents, HTML and LaTeX, in `documents`."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from indmech_bench.errors import unknown
from indmech_bench.text.numbers import between, bracketed, number, rates

if TYPE_CHECKING:
    from indmech_bench.analysis.ranking import Leaderboard, Line

FORMATS = ("table", "md", "csv", "json", "html", "latex")
SHORT = {"extrapolation_error": "e", "fit_error": "fit"}

Section = tuple[str, list[str], list[list[str]]]
"""Title, head and body of a table."""


def render(boards: Sequence[Leaderboard], form: str) -> str:
    """The leaderboards of one folder in one of FORMATS. Raises InputError."""
    from indmech_bench.text.documents import as_html, as_latex

    check_format(form)
    writers = {"table": as_text, "md": as_markdown, "csv": as_csv, "json": as_json, "html": as_html, "latex": as_latex}
    return writers[form](boards)


def check_format(form: str, allowed: Sequence[str] = FORMATS) -> None:
    """Raises InputError for a format that is not allowed."""
    if form not in allowed:
        raise unknown("format", form, allowed)


def _overall(board: Leaderboard) -> tuple[list[str], list[list[str]]]:
    extra = [] if board.metric in SHORT else [board.metric]
    head = ["rank", "method", "identified", "[95 %]", "e (median)", "[95 %]", "fit (median)", *extra, "score (iqm)",
            "[95 %]", "failed", "coverage", "cost", "s"]  # fmt: skip
    body = []
    for line in board.lines:
        body.append([
            "ref" if line.reference else "–" if line.rank is None else str(line.rank),
            line.name,
            f"{line.identified:.2f}" if line.attempted else "–",
            rates(line.interval, 2),
            number(line.medians["extrapolation_error"]),
            between(line.median_intervals["extrapolation_error"]),
            number(line.medians["fit_error"]),
            *(number(line.medians[name]) for name in extra),
            f"{line.score:.3f}" if line.attempted else "–",
            rates(line.score_interval, 3),
            str(line.failed),
            f"{line.attempted}/{board.pairs}",
            number(line.cost),
            number(line.seconds),
        ])  # fmt: skip
    return head, body


def _by_task(board: Leaderboard, metric: str) -> tuple[list[str], list[list[str]]]:
    body = [[line.name, *(_of_task(line, task, metric) for task in board.tasks)] for line in board.lines]
    return ["method", *board.tasks], body


def _of_task(line: Line, task: str, metric: str) -> str:
    interval = None if metric == "identified" else line.by_task_intervals[task]
    shown = number(line.by_task[task][metric])
    return shown if interval is None else f"{shown} {bracketed(interval)}"


def sections(board: Leaderboard) -> list[Section]:
    """The tables of a leaderboard: over all its tasks, and by task."""
    found = [("all tasks", *_overall(board)), ("identified, by task", *_by_task(board, "identified"))]
    if board.metric != "identified":
        found.append((f"median {board.metric} [95 %], by task", *_by_task(board, board.metric)))
    return [(f"{board.group}: {name}" if board.group else name, head, body) for name, head, body in found]


def notes(boards: Sequence[Leaderboard]) -> list[str]:
    """What a reader must know to read the tables."""
    tasks = len({task for board in boards for task in board.tasks})
    pairs = ", ".join(f"{board.pairs}{f' ({board.group})' if board.group else ''}" for board in boards)
    lines = [
        f"{' and '.join(map(str, (boards[0].folder, *boards[0].beside)))}: {tasks} tasks, (task, seed) pairs: {pairs}.",
        "identified: e < 0.01 and fit < 1e-3. e: extrapolation error, 0 the truth, 1 ignoring the intervention;",
        "about 0.5 is the best constant prediction, 0.9 white noise. Rank: interquartile mean of score = 1/(1+e),",
        "a failure's score is 0. 95 % intervals: Wilson, order statistics, BCa bootstrap within tasks.",
        "References (ref) know more than a method may and are never ranked. cost, s: medians a replicate, not ranked.",
    ]
    if boards[0].left_out:
        lines.append(f"{boards[0].left_out} rows made by older code are left out.")
    return lines


def as_text(boards: Sequence[Leaderboard]) -> str:
    """Tables for a terminal, or 200 columns wide where there is none."""
    references = [[line.reference for line in board.lines] for board in boards]
    tables = [
        text_table(section, ends) for board, ends in zip(boards, references, strict=True) for section in sections(board)
    ]
    return "".join(tables) + "\n".join(notes(boards))


def text_table(section: Section, references: Sequence[bool] = ()) -> str:
    """One table as plain text; a line of its own follows the last method before the references."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    name, head, body = section
    out = io.StringIO()
    width = max(shutil.get_terminal_size().columns, 100) if sys.stdout.isatty() else 200
    console = Console(file=out, width=width, color_system=None, highlight=False, markup=False, emoji=False)
    console.print(name)
    for columns in _pages(head, body, width):
        table = Table(box=box.SIMPLE_HEAD)
        for column in columns:
            left = head[column] in ("task", "method", "group")
            table.add_column(head[column], justify="left" if left else "right", no_wrap=left)
        for position, cells in enumerate(body):
            ends = position + 1 < len(references) and references[position] != references[position + 1]
            table.add_row(*(cells[i] for i in columns), end_section=ends)
        console.print(table)
    return out.getvalue()


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


def as_markdown(boards: Sequence[Leaderboard]) -> str:
    """The same tables in Markdown."""
    parts = [markdown_table(section) for board in boards for section in sections(board)]
    return "\n\n".join([*parts, " ".join(notes(boards))])


def markdown_table(section: Section) -> str:
    """One table in Markdown, under its title."""
    name, columns, body = section
    rows = [columns, ["---"] * len(columns), *body]
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    return f"### {name}\n\n{table}"


def _record(line: Line, board: Leaderboard) -> dict[str, Any]:
    medians = {
        f"median_{name}{end}": value
        for name, median in line.medians.items()
        for end, value in zip(("", *ENDS), (median, *_ends(line.median_intervals[name])), strict=True)
    }
    low, high = _ends(line.interval)
    score_low, score_high = _ends(line.score_interval)
    record: dict[str, Any] = {
        "rank": line.rank,
        "method": line.name,
        "reference": line.reference,
        "identified": line.identified,
        "identified_low": low,
        "identified_high": high,
        **medians,
        "score_iqm": line.score,
        "score_iqm_low": score_low,
        "score_iqm_high": score_high,
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
        for end, bound in zip(ENDS, _ends(line.by_task_intervals[task]), strict=True):
            record[f"{board.metric}{end}:{task}"] = bound
    return record


ENDS = ("_low", "_high")


def _ends(interval: tuple[float, float] | None) -> tuple[float | None, float | None]:
    return (None, None) if interval is None else interval


def as_csv(boards: Sequence[Leaderboard]) -> str:
    """One line a method and group, full precision; columns `<metric>:<task>` hold the values by task."""
    groups = any(board.group for board in boards)
    records = [
        {**({"group": board.group} if groups else {}), **_record(line, board)}
        for board in boards
        for line in board.lines
    ]
    return csv_table(records)


def csv_table(records: Sequence[Mapping[str, Any]]) -> str:
    """Records as CSV; the columns are all names that any record has."""
    out = io.StringIO()
    names = list(dict.fromkeys(name for record in records for name in record))
    writer = csv.DictWriter(out, fieldnames=names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue().rstrip("\n")


def as_json(boards: Sequence[Leaderboard]) -> str:
    """The same records as strict JSON, groups in a list; numbers that are not finite are the strings inf and -inf."""
    content = [
        {
            **({"group": board.group} if board.group else {}),
            "metric": board.metric,
            "tasks": list(board.tasks),
            "pairs": board.pairs,
            "left_out": board.left_out,
            "lines": [_record(line, board) for line in board.lines],
        }
        for board in boards
    ]
    return strict_json({"groups": content} if boards[0].group else content[0])


def strict_json(content: Any) -> str:
    """JSON without numbers that it does not have: the strings inf and -inf, and null for what is absent."""
    return json.dumps(_plain(content), indent=1, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value

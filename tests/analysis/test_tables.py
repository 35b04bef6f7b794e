"""leaderboard: formats, views, intervals, and that a crash never lifts a method in any ranked view."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from conftest import Cli
from folders import write_folder

from indmech_bench.analysis.group_by import GROUPINGS
from indmech_bench.analysis.ranking.board import Leaderboard, document
from indmech_bench.analysis.ranking.ranking import leaderboard, leaderboards
from indmech_bench.analysis.ranking.standings import rivalries
from indmech_bench.text.writers.latex import escaped
from indmech_bench.text.writing import write

TASKS = ("fir-natural", "fir-generic", "fir-graded", "fir-samples", "linear-gaussian-natural", "environments-2")
INF = float("inf")


def errors(number: int) -> np.ndarray:
    return np.exp(np.random.default_rng(number).normal(size=16))


def crashing(values: np.ndarray) -> np.ndarray:
    """The same with its worst half crashed."""
    return np.where(values > np.median(values), INF, values)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six tasks; `adam:steps=20` is `adam:steps=10` with its worst half crashed, and two more methods."""
    cells = {}
    for number, task in enumerate(TASKS):
        cells[task, "adam:steps=10"] = errors(number)
        cells[task, "adam:steps=20"] = crashing(errors(number))
        cells[task, "sgd"] = errors(number + 100)
        cells[task, "weight-decay"] = errors(number + 200) * 2
    return write_folder(tmp_path_factory.mktemp("tables") / "r", cells, references=["oracle"])


@pytest.mark.parametrize("group_by", [None, *GROUPINGS])
def test_a_method_that_crashes_never_ranks_above_itself_without_crashes(folder: Path, group_by: str | None) -> None:
    for board in leaderboards(folder, group_by=group_by):
        if board.by_controls_alone:
            continue
        lines = {line.name: line for line in board.lines}
        whole, crashed = lines["adam:steps=10"], lines["adam:steps=20"]
        assert crashed.failed == crashed.attempted // 2
        assert whole.rank is not None
        assert crashed.rank is not None
        assert whole.rank < crashed.rank
        assert (crashed.medians["extrapolation_error"] or 0) > (whole.medians["extrapolation_error"] or 0)


def test_nor_does_it_stand_better(folder: Path) -> None:
    found = rivalries(folder)
    families = ("environments", "fir", "linear-gaussian")
    assert {one.view for one in found} == {"all tasks", *(f"family {name}" for name in families)}
    for one in found:
        whole, crashed = one.names.index("adam:steps=10"), one.names.index("adam:steps=20")
        assert one.mean_ranks[whole] < one.mean_ranks[crashed]
        assert (one.profiles[crashed] <= one.profiles[whole]).all()
        assert one.wins["adam:steps=20", "adam:steps=10"][0] < 0.5
        assert one.critical is not None
        assert one.critical.names.index("adam:steps=10") < one.critical.names.index("adam:steps=20")


def test_standings_are_shown(folder: Path, cli: Cli) -> None:
    shown = cli("leaderboard", str(folder), "--standings").stdout
    for text in (
        "mean rank by score, and share of pairs below an error",
        "scores more than the column's",
        "Nemenyi, 5 %",
    ):
        assert text in shown
    assert cli("leaderboard", str(folder), "--standings", "--group-by", "budget").returncode == 2


def test_views_by_dependence_follow_settings_then_facts(folder: Path) -> None:
    views = {
        board.view.removeprefix("dependence: "): board.tasks for board in leaderboards(folder, group_by="dependence")
    }
    assert views["log rho = 0"] == ("fir-generic",)
    assert views["log rho ~ N(0, 0.05^2)"] == ("fir-graded",)
    assert "fir-natural" in views["drawn independently"]


def test_a_budget_is_a_view_of_its_own_with_the_references_on_its_pairs(tmp_path: Path) -> None:
    a = write_folder(tmp_path / "a", {("fir-natural", "adam"): errors(0)}, references=["oracle"])
    b = write_folder(tmp_path / "b", {("fir-natural", "adam"): errors(1)[:8]}, changes={"budget": 1000.0})
    with (a / "runs.jsonl").open("ab") as file:
        file.write((b / "runs.jsonl").read_bytes())
    found = leaderboards(a, group_by="budget")
    assert [(board.view, board.pairs) for board in found] == [("budget: 1,000 units", 8), ("budget: no budget", 16)]
    for board in found:
        assert [(line.rank, line.missing) for line in board.lines] == [(1, 0), (None, 0)]
        assert board.lines[1].attempted == board.pairs


def test_intervals_hold_their_estimates_and_one_replicate_has_none(folder: Path, tmp_path: Path) -> None:
    for line in leaderboard(folder).lines:
        assert line.interval is not None
        assert line.interval[0] <= line.identified <= line.interval[1]
        assert line.score_interval is not None
        assert line.score_interval[0] <= line.score <= line.score_interval[1]
    assert lines_with_tiers(folder) == {"adam:steps=10", "adam:steps=20", "sgd", "weight-decay"}
    (line,) = leaderboard(write_folder(tmp_path / "one", {("fir-natural", "adam"): [0.5]})).lines
    assert (line.interval, line.score_interval, line.rank_interval, line.tier) == (None, None, None, None)
    assert set(line.median_intervals.values()) | set(line.by_task_intervals.values()) == {None}


def lines_with_tiers(folder: Path) -> set[str]:
    return {line.name for line in leaderboard(folder).lines if line.tier and line.rank_interval}


def written(boards: Sequence[Leaderboard], form: str) -> str:
    return write(document(boards), form)


def test_csv_and_json_of_views_hold_every_line(folder: Path) -> None:
    boards = leaderboards(folder, group_by="family")
    sections = json.loads(written(boards, "json"))["sections"]
    records = list(csv.DictReader(io.StringIO(written(boards, "csv"))))
    assert [(r["view"], r["method"], r["rank"]) for r in records] == [
        (section["name"], line["method"], "" if line["rank"] is None else str(line["rank"]))
        for section in sections
        for line in section["rows"]
    ]


HOSTILE = "adam:x=<script>&\\input{a}_%$#~^|ρ²"


def hostile(folder: Path, tmp_path: Path) -> Path:
    """The folder with a method of another package, whose settings hold what HTML and LaTeX choke on."""
    settings = {"x": HOSTILE.partition("=")[2]}
    return write_folder(tmp_path / "h", {("fir-natural", "adam"): errors(0)}, changes={"settings": settings})


class Cells(HTMLParser):
    """The texts of a page's cells, and whether every tag is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "meta":
            self.open.append(tag)
        if tag in ("td", "th"):
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.texts[-1] += data


def test_html_shows_names_as_they_are_and_runs_nothing(folder: Path, tmp_path: Path) -> None:
    page = Cells()
    text = written([leaderboard(hostile(folder, tmp_path))], "html")
    page.feed(text)
    assert page.open == []
    assert any("<script>" in cell for cell in page.texts)
    assert "<script" not in text


def test_latex_is_escaped_and_its_environments_balance(folder: Path, tmp_path: Path) -> None:
    text = written([*leaderboards(folder, group_by="family"), leaderboard(hostile(folder, tmp_path))], "latex")
    assert text.isascii()
    stack = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        assert kind == "begin" or stack.pop() == name
        if kind == "begin":
            stack.append(name)
    assert stack == []
    rows = [line for line in text.splitlines() if line.endswith("\\\\")]
    columns = [len(spec) for spec in re.findall(r"begin\{tabular\}\{([lr]+)\}", text)]
    assert {len(re.split(r"(?<!\\)&", row)) for row in rows} == set(columns)
    assert escaped(r"a\b{c}_%$#~^|<>ρ²–") == (
        r"a\textbackslash{}b\{c\}\_\%\$\#\textasciitilde{}\textasciicircum{}\textbar{}\textless{}\textgreater{}"
        r"$\rho$2--"
    )


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles(folder: Path, tmp_path: Path) -> None:
    text = written([*leaderboards(folder, group_by="family"), leaderboard(hostile(folder, tmp_path))], "latex")
    head = r"\documentclass{article}\usepackage{booktabs,graphicx}\begin{document}"
    (tmp_path / "t.tex").write_text(f"{head}\n{text}\n\\end{{document}}\n")
    made = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stdout[-2000:]


@pytest.mark.parametrize("form", ["html", "latex", "md", "table"])
def test_every_format_shows_every_method_and_interval(folder: Path, form: str) -> None:
    board = leaderboard(folder)
    shown = written([board], form)
    for line in board.lines:
        assert line.name in shown
        assert line.score_interval is not None
        assert f"{line.score_interval[0]:.3f}" in shown

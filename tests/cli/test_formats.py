"""Every verb that shows tables writes every format, and says the same in each."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Cli
from draws import problem_of
from folders import rows_of, write_folder, write_rows

from indmech_bench.cli.app import app
from indmech_bench.registry.identity import row_identity_key
from indmech_bench.results.curves import keep_curves
from indmech_bench.text.writing import FORMATS

NETWORK = """import torch
from torch import nn


def make():
    torch.manual_seed(0)
    layers = [nn.ConvTranspose2d(4, 6, 4, 1, 0), nn.ReLU(), nn.ConvTranspose2d(6, 5, 4, 2, 1), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(5, 3, 4, 2, 1), nn.Tanh()), torch.randn(6, 4, 1, 1)
"""
HOSTILE = "<script>|&\\input{a}_%"
VERBS = {
    "leaderboard": ("leaderboard", "a"),
    "leaderboard of a metric": ("leaderboard", "a", "--metric", "fit_error"),
    "leaderboard of identified": ("leaderboard", "a", "--metric", "identified"),
    "leaderboard by family": ("leaderboard", "a", "--group-by", "family"),
    "standings": ("leaderboard", "a", "--standings"),
    "versus": ("versus", "a", "oracle"),
    "versus as a matrix": ("versus", "a", "oracle", "--matrix"),
    "winners": ("winners", "a"),
    "compare": ("compare", "a", "b"),
    "sensitivity": ("sensitivity", "s"),
    "drift": ("drift", "d"),
    "by-intervention": ("by-intervention", "i"),
    "truths": ("truths", "i"),
    "medians": ("medians", "i"),
    "medians across": ("medians", "i", "--across"),
    "along": ("along", "i", "--metric", "loss"),
    "by-intervention with intervals": ("by-intervention", "i", "--long"),
    "worth": ("worth", "w"),
    "status": ("status", "a", "--failures", "--why"),
    **{f"list {kind}": ("list", kind) for kind in ("tasks", "methods", "references", "kernels", "metrics", "suites")},
    "pairs": ("pairs", "--pairs", "10"),
    "plot": ("plot", "--list"),
    "audit": ("audit", "network.py:make", "--permutations", "9"),
    "stretches": ("stretches", "network.py:make"),
    "tune": ("tune", "adam:steps=2", "--task", "fir-natural", "--protocol", "oracle", "--grid", "learning_rate=0.1",
             "--seeds", "10000-10002", "--jobs", "0", "--out", "t.toml"),
    "score": ("score", "found.npz", "--task", "fir-natural", "--seed", "3"),
    "check-method": ("check-method", "homomorphic", "--task", "fir-natural"),
    "check-task": ("check-task", "fir-natural"),
}  # fmt: skip
IN_LINES = ("check-method", "check-task")
"""Verbs whose findings are lines in a terminal, each with what to do below it."""
Shown = Callable[[str, str], str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders of two families with a hole, failures and a hostile name, and one with checkpoints."""
    place = tmp_path_factory.mktemp("formats")
    random = np.random.default_rng(0)
    tasks, methods = ("fir-natural", "fork"), ("adam", "sgd", "gradient-descent", "weight-decay")
    cells = {(task, method): np.exp(random.normal(size=8)) for task in tasks for method in methods}
    cells["fir-natural", "sgd"][0] = math.inf
    cells["fork", "weight-decay"] = cells["fork", "weight-decay"][:5]
    for name, factor in (("a", 1.0), ("b", 3.0)):
        values = {cell: errors * factor for cell, errors in cells.items()}
        write_folder(place / name, values, references=["oracle", "best-constant"])
        rows = rows_of(place / name)
        for row in rows:
            if row["method"] == "adam":
                row["method"] = "elsewhere"  # of a package that is not installed: the label has what varies
                row["settings"]["x"] = HOSTILE if row["task"] == "fork" else "plain"
                row["key"] = row_identity_key(row)
        write_rows(place / name, rows)
    way = {f"{metric}@{step}": step / 7 for step in (0, 9) for metric in ("extrapolation_error", "fit_error")}
    way |= {"log_generic_ratio@0": 0.1, "log_generic_ratio@9": None}
    problem = problem_of("fir-natural", [3])
    np.savez(place / "found.npz", **{name: value[0].numpy() for name, value in problem.start().items()})
    write_folder(place / "s", {("fork", "adam"): [0.1] * 8, ("fork", "sgd"): [0.3] * 8})
    rows = rows_of(place / "s")
    for number, row in enumerate(rows):
        row["metrics"] |= {"error_euclidean": number / 9, "error_over_power": 1.0}
    write_rows(place / "s", rows)
    (place / "network.py").write_text(NETWORK)
    write_folder(place / "d", {("drift", "sgd"): [0.1] * 6}, changes={"details": way})
    listed = {"layout stretch 1.5": 0.3, "shape dilation 2": None}
    write_folder(
        place / "i",
        {("toy-faces", "adam"): [0.1] * 6},
        references=["oracle"],
        changes={"errors": listed, "truth": {"log_generic_ratio": 0.1}},
    )
    for row in rows_of(place / "i"):
        keep_curves(place / "i", row, {"step": [0, 5, 9], "loss": [3.0, 2.0, 1.0]})
    known = {"accuracy_before": 0.5, "accuracy_more": 0.6, "accuracy_pixels": 0.7, "accuracy_intervened": 0.9}
    changes = {"truth": known, "metrics": {"accuracy_extrapolated": 0.8, "extrapolation_error": 0.3}}
    write_folder(place / "w", {("fluo-faces", "adam"): [0.1] * 8}, references=["oracle"], changes=changes)
    return place


@pytest.fixture
def shown(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shown:
    monkeypatch.chdir(place)

    def call(verb: str, form: str) -> str:
        assert app([*VERBS[verb], "--format", form], standalone_mode=False) in (0, None)
        return capsys.readouterr().out

    return call


def strict(text: str) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("verb", VERBS)
def test_json_has_one_shape_and_csv_the_same_records(shown: Shown, verb: str) -> None:
    content = strict(shown(verb, "json"))
    assert [*content] == ["title", "sections", "notes"]
    assert content["title"]
    assert all("name" in section and isinstance(section["rows"], list) for section in content["sections"])
    names = [section["name"] for section in content["sections"]]
    assert len(names) == len(set(names))
    records = [record for section in content["sections"] for record in section["rows"]]
    table = pd.read_csv(io.StringIO(shown(verb, "csv")), dtype=str, keep_default_na=False)
    assert len(table) == len(records) > 0
    for record, line in zip(records, table.to_dict("records"), strict=True):
        for field, value in record.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                assert float(line[field]) == value
            elif not isinstance(value, dict | list):
                assert line[field] == ("" if value is None else str(value))


class Cells(HTMLParser):
    """The texts of a page's cells."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        assert tag != "script"
        if tag in ("td", "th"):
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts[-1:] = [self.texts[-1] + data] if self.texts else []


@pytest.mark.parametrize("verb", VERBS)
def test_readers_get_the_same_cells_in_every_format(shown: Shown, verb: str) -> None:
    markdown, page, text, latex = (shown(verb, form) for form in ("md", "html", "table", "latex"))
    lines = [line[2:-2].split(" | ") for line in markdown.splitlines() if line.startswith("|") and "---" not in line]
    cells = [cell.replace("\\", "").strip() for line in lines for cell in line]
    assert cells
    parser = Cells()
    parser.feed(page)
    plain = " ".join(" ".join(parser.texts).replace("\\", "").split())
    for cell in filter(None, cells):
        assert " ".join(cell.split()) in plain
        assert verb in IN_LINES or cell in text.replace("\\", "")
    assert latex.count("\\begin{tabular}") == latex.count("\\end{tabular}") == page.count("<table>") > 0


def test_a_hostile_name_is_text_everywhere(shown: Shown) -> None:
    assert HOSTILE in shown("leaderboard", "table")
    assert HOSTILE in shown("leaderboard", "csv")
    assert "<script" not in shown("leaderboard", "html")
    assert "\\input" not in shown("leaderboard", "latex").replace("\\textbackslash{}input", "")
    assert "\\<script>\\|&\\\\input" in shown("leaderboard", "md")


@pytest.mark.parametrize("verb", ["tune", "status", "list tasks"])
def test_an_unknown_format_is_refused_before_anything_is_read(cli: Cli, tmp_path: Path, verb: str) -> None:
    made = cli(*VERBS[verb], "--format", "htm")
    assert (made.returncode, made.stdout) == (2, "")
    assert "unknown format 'htm': did you mean 'html'?" in made.stderr
    assert list(tmp_path.iterdir()) == []


def test_every_verb_with_tables_has_the_option_once() -> None:
    from typer.main import get_command

    verbs = get_command(app).commands
    having = {name for name, verb in verbs.items() if any("--format" in option.opts for option in verb.params)}
    without = {"rows", "enforce"}  # no table for readers; it needs a trained generator, and minutes
    assert having == {arguments[0] for arguments in VERBS.values()} | without
    tables = [verb for name, verb in verbs.items() if name != "rows"]
    helps = {option.help for verb in tables for option in verb.params if "--format" in option.opts}
    (sentence,) = helps
    assert all(form in sentence for form in FORMATS)


def test_json_is_short_for_the_format(cli: Cli) -> None:
    assert cli("list", "suites", "--json").stdout == cli("list", "suites", "--format", "json").stdout

"""The page: sentences that tests bear out, whole tables, commands that make rows again, nothing from elsewhere."""

from __future__ import annotations

import json
import re
import shlex
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from folders import write_folder
from reported import HOSTILE

import indmech_bench
from indmech_bench import InputError
from indmech_bench.analysis.status import failures_of
from indmech_bench.cli.app import app
from indmech_bench.report.evidence import Evidence
from indmech_bench.report.gallery import FIGURES
from indmech_bench.report.page.cells import cells_and_rows
from indmech_bench.report.page.findings import findings
from indmech_bench.report.page.provenance_tables import failures

INF = float("inf")


class Page(HTMLParser):
    """What a page is made of: elements with their attributes, and the texts of headers, cells and downloads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def text(hostile: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of the hostile folder, its figures in a folder beside it."""
    place = tmp_path_factory.mktemp("page")
    assert app(
        ["report", str(hostile), "--out", f"{place}/p.html", "--figures", f"{place}/figures"], standalone_mode=False
    ) in (0, None)
    return (place / "p.html").read_text()


def test_every_table_has_a_caption_and_headers_and_every_drawing_a_text(text: str) -> None:
    page = Page(text)
    tables = page.all("table")
    assert len(tables) >= 7
    assert len(page.all("caption")) == len(tables)
    assert all(head.get("scope") in ("col", "row") for head in page.all("th"))
    drawings = page.all("svg")
    assert len(drawings) >= 4
    assert all(drawing["role"] == "img" and drawing["aria-labelledby"] for drawing in drawings)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {drawing["aria-labelledby"].split()[0] for drawing in drawings} <= set(ids)


def test_nothing_is_asked_of_anybody(text: str) -> None:
    page = Page(re.sub(r'<script type="text/plain".*?</script>', "", text, flags=re.DOTALL))
    links = [attributes["href"] for _, attributes in page.elements if "href" in attributes]
    assert links
    assert all(link.startswith(("#", "data:", "figures/")) for link in links)
    assert not any("src" in attributes for _, attributes in page.elements)
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert not re.search(r"@import|url\((?!['\"]?data:)", "".join(style))


def test_markup_in_names_and_reasons_is_text(text: str) -> None:
    assert HOSTILE.partition("&")[0] not in text
    assert "note=&lt;script&gt;window.hostile=1&lt;/script&gt;&amp;$x_{1}$" in text
    assert len(re.findall(r"<script", text)) == 3


def test_downloads_hold_what_is_shown(text: str, hostile: Path) -> None:
    files = {link["download"]: link["href"] for link in Page(text).all("a") if "download" in link}
    board = b64decode(files["leaderboard.csv"].partition("base64,")[2]).decode()
    names = [line.name for line in indmech_bench.leaderboard(hostile).lines]
    assert [name for name in names if name in board or name.replace('"', '""') in board] == names
    assert {"wins.csv", "ranks.csv", "references.bib", "cells.csv", "runs.csv"} <= set(files)


def test_rows_are_all_there_with_their_numbers(text: str, hostile: Path) -> None:
    (embedded,) = re.findall(r'id="rows-data">(.*?)</script>', text, re.DOTALL)
    data = json.loads(embedded)
    rows = indmech_bench.load(hostile)
    assert len(data["columns"]["seed"]) == len(rows)
    errors = [value for value in data["columns"]["e"] if value is not None]
    assert sorted(errors) == pytest.approx(sorted(rows["metrics.extrapolation_error"].dropna()), rel=1e-3)


def test_figures_are_written_beside_the_page(text: str, hostile: Path, tmp_path: Path) -> None:
    assert 'href="figures/wins.pdf"' in text
    path = indmech_bench.write_report(hostile, out=tmp_path / "p.html", figures=tmp_path / "f")
    assert path == tmp_path / "p.html"
    shown = {name for name in FIGURES if (tmp_path / "f" / f"{name}.pdf").is_file()}
    assert {"ranks", "by-task", "wins", "cost"} <= shown
    table = pd.read_csv(tmp_path / "f" / "wins.csv")
    assert list(table["wins"]) == pytest.approx(list(indmech_bench.figure_data(hostile, "wins")["wins"]))


def test_a_command_makes_its_row_again(everything: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _, data = cells_and_rows(Evidence.of(everything))
    (template,) = (
        command
        for task, method, command in data["cells"]
        if (task, method) == ("fir-natural:dependence=0.4", "sgd:steps=3")
    )
    program, *arguments = shlex.split(template.replace("SEEDS", "0-0"))
    assert program == "indmech-bench"
    assert app([*arguments, "--jobs", "0", "--quiet"], standalone_mode=False) in (0, None)
    before, after = (
        rows.loc[
            (rows["label"] == "sgd:steps=3") & (rows["task_label"] == "fir-natural:dependence=0.4"), "key"
        ].tolist()
        for rows in (indmech_bench.load(everything), indmech_bench.load(tmp_path / "again"))
    )
    assert before == after


def told(tmp_path: Path, **errors: list[float]) -> list[str]:
    """The findings of methods with these errors on a task that ranks."""
    cells = {("fork", name.replace("_", "-")): values for name, values in errors.items()}
    return findings(Evidence.of(write_folder(tmp_path / "r", cells, references=["oracle"])))


def test_a_tie_is_said_to_be_one(tmp_path: Path) -> None:
    first, second, third = told(tmp_path, adam=[0.1, 0.3] * 5, independence_penalty=[0.3, 0.1] * 4 + [0.31, 0.11])
    assert "ties with" in first
    assert "scores more" not in first
    assert "ties with `adam`" in second or "it ties with" in second
    assert "No predictor" in third


def test_a_difference_is_said_with_its_direction_and_p(tmp_path: Path) -> None:
    first, second, _ = told(tmp_path, adam=[0.1] * 10, independence_penalty=[0.3] * 10)
    assert first.startswith("`adam` has the best score of 2 ranked methods, 0.909")
    assert "scores more than all others (p ≤ 0.002)" in first
    assert "`independence-penalty` ranks highest; paired by seed it scores less than `adam`" in second
    assert "more on 0 of 10 pairs, less on 10, the same on 0; p = 0.002" in second


def test_failures_count_as_the_worst_in_findings(tmp_path: Path) -> None:
    first, *_ = told(tmp_path, adam=[0.5] * 10, sgd=[0.01, 0.01] + [INF] * 8)
    assert first.startswith("`adam` has the best score")


def test_controls_alone_rank_nobody(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "r", {("fir-generic", "adam"): [0.1] * 3})
    (sentence,) = findings(Evidence.of(folder))
    assert "no method is ranked" in sentence


def test_a_page_of_drift_alone_says_what_was_found(tmp_path: Path) -> None:
    way = {f"{metric}@{step}": 0.001 for step in (0, 9) for metric in ("extrapolation_error", "fit_error")}
    way |= {"log_generic_ratio@0": 0.1, "log_generic_ratio@9": 0.2}
    cells = {("drift", "sgd:batch=none"): [0.1] * 6}
    folder = write_folder(tmp_path / "r", cells, changes={"details": way})
    text = indmech_bench.write_report(folder).read_text()
    assert "Training from the truth, 1 of 1 regime: no noise" in text
    assert 'id="trajectories-title"' in text


def test_failures_are_told_by_stretches_of_seeds(tmp_path: Path) -> None:
    errors = [INF, INF, 0.1, INF]
    cells = {("fork", "adam"): errors, ("deep-3-k1", "adam"): errors}
    evidence = Evidence.of(write_folder(tmp_path / "r", cells))
    (line,) = failures(failures_of(evidence.rows, tmp_path / "r")).cells
    assert line == ["adam", "crashed", "6", "it crashed", "fork, deep-3-k1: seeds 0–1, 3"]


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no results"):
        indmech_bench.write_report(tmp_path)

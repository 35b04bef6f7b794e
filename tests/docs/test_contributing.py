"""The page on the house names files that are there, and what it says of criteria, columns and verbs holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from draws import problem_of
from folders import write_folder
from indmech_baselines import criteria
from torch import Tensor

from indmech_bench import Parameters, Problem, leaderboard
from indmech_bench.analysis.ranking import columns
from indmech_bench.analysis.ranking.board import document
from indmech_bench.cli.app import app
from indmech_bench.cli.application import app as application
from indmech_bench.registry.registration import get_method
from indmech_bench.text.tables import Column
from indmech_bench.text.writing import FORMATS, write

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/contributing.md").read_text(encoding="utf-8")
PATHS = sorted(set(re.findall(r"`((?:indmech_bench|baselines|tests|benchmarks)/[\w./]+)`", PAGE)))


def test_the_files_it_names_are_there() -> None:
    assert len(PATHS) >= 12
    assert [path for path in PATHS if not (ROOT / path).exists()] == []


def test_it_names_every_room() -> None:
    rooms = {path.parent.name for path in (ROOT / "indmech_bench").glob("*/__init__.py")}
    picture = PAGE.partition("```text")[2].partition("```")[0]
    assert [room for room in rooms if not re.search(rf"\b{room}\b", picture)] == []


def test_adding_a_criterion_takes_one_function(monkeypatch: pytest.MonkeyPatch) -> None:
    def last_tap(problem: Problem, parameters: Parameters) -> Tensor:
        return parameters["k1"][..., -1].abs()

    monkeypatch.setitem(criteria.CRITERIA, "last-tap", criteria.Criterion("last-tap", last_tap))
    problem = problem_of("fir-natural", range(2))
    chosen = get_method("levenberg-marquardt:criterion=last-tap,starts=4").fit(problem)
    other = get_method("levenberg-marquardt:criterion=norm,starts=4").fit(problem)
    assert chosen.parameters is not None
    assert other.parameters is not None
    assert bool((chosen.parameters["k1"][:, -1].abs() <= other.parameters["k1"][:, -1].abs() + 1e-6).all())


def test_adding_a_column_takes_one_declaration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = columns._overall
    added: Column[columns.Line] = Column("attempted", "tried so often", lambda line: line.attempted)
    monkeypatch.setattr(columns, "_overall", lambda *given: (*before(*given), added))
    folder = write_folder(tmp_path / "r", {("fir-natural", "adam"): [0.1, 0.2, 0.3]})
    for form in FORMATS:
        text = write(document([leaderboard(folder)]), form)
        assert ("attempted" if form in ("csv", "json") else "tried so often") in text


def test_every_verb_is_a_function_of_the_command_line() -> None:
    assert app is application
    modules = {command.callback.__module__ for command in app.registered_commands if command.callback}
    verbs = ("reading", "showing", "running", "folders", "extending", "networks.auditing", "networks.intervening")
    assert modules == {f"indmech_bench.cli.{name}" for name in verbs}


def test_docstrings_point_at_pages_that_there_are() -> None:
    sources = [path.read_text() for room in ("indmech_bench", "baselines") for path in (ROOT / room).rglob("*.py")]
    named = {name for text in sources for name in re.findall(r"\bdocs/\w+\.md", text)}
    assert {"docs/theory.md", "docs/drift.md"} <= named
    assert [name for name in named if not (ROOT / name).is_file()] == []
    assert not [line for text in sources for line in text.splitlines() if re.search(r"\b(THEORY|DESIGN)\b", line)]

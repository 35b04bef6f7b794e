"""Settings and facts that a class inherits are read from source: as the live class has them, without importing it."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest
from conftest import Cli

from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import setting_docs
from indmech_bench.registry.registration import get_method

BASE = '''
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Base:
    """What newcomers share.

    rate: how far a step goes,
        at first.
    """

    batched: ClassVar[bool] = False
    grid: ClassVar[dict] = {"rate": [0.1, 0.2]}
    ranges: ClassVar[dict[str, str]] = {"rate": "(0, inf)"}
    computed: ClassVar[int] = len("no literal, so no fact")

    rate: float = 0.1
    steps: int = 10


class Plain:
    """No dataclass: its fields are no settings."""

    extra: int = 3
'''
NEWCOMER = '''
from dataclasses import dataclass
from typing import ClassVar

from indmech_bench import register_method
{imports}


@register_method("newcomer", size=2)
@dataclass(frozen=True)
class Newcomer({bases}):
    """A newcomer."""

    ranges: ClassVar[dict[str, str]] = {{"size": "[1, inf)"}}

    steps: int = 20
    size: int = 1

    def fit(self, problem):
        return problem.solution(problem.start())
'''
WAYS = {
    "a neighbour": ("from base import Base, Plain", "Plain, Base"),
    "a module": ("import base", "base.Base"),
    "under another name": ("from base import Base as Other", "Other"),
    "handed on": ("from handed import Base", "Base"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_plugin_inherits_from_its_neighbours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    imports, bases = WAYS[way]
    monkeypatch.setattr(sys, "path", [*sys.path])  # the plugin's folder is added when it is imported
    for name in ("base", "handed"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / "base.py").write_text(BASE)
    (tmp_path / "handed.py").write_text("from base import Base\n")
    path = tmp_path / "newcomer.py"
    path.write_text(NEWCOMER.format(imports=imports, bases=bases))
    entry = Catalogue.read([path]).find("method", "newcomer")
    assert "base" not in sys.modules
    assert entry.defaults == {"rate": 0.1, "steps": 20, "size": 2}
    assert {setting.name: setting.range for setting in entry.settings} == {
        "rate": "(0, inf)", "steps": "", "size": "[1, inf)"
    }  # fmt: skip
    assert entry.facts["batched"] is False
    assert "computed" not in entry.facts
    assert entry.grid == {"rate": (0.1, 0.2)}
    assert entry.settings[0].doc == "how far a step goes, at first."
    assert dataclasses.asdict(get_method("newcomer", [path])) == entry.defaults


def test_a_plugin_inherits_from_the_public_face_and_from_baselines(tmp_path: Path) -> None:
    for imports, base in (
        ("from indmech_bench import SingleStart", "SingleStart"),
        ("import indmech_bench as suite", "suite.SingleStart"),
        ("from indmech_baselines.adam import Adam", "Adam"),
    ):
        path = tmp_path / "newcomer.py"
        path.write_text(NEWCOMER.format(imports=imports, bases=base))
        entry = Catalogue.read([path]).find("method", "newcomer")
        assert entry.defaults == {
            "learning_rate": 0.02, "steps": 20, "init_scale": None, "polish": False, "size": 2
        }  # fmt: skip


def test_a_base_that_is_not_to_be_found_brings_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    path = tmp_path / "newcomer.py"
    path.write_text(NEWCOMER.format(imports="from nowhere_at_all import Base", bases="Base, Newcomer"))
    assert Catalogue.read([path]).find("method", "newcomer").defaults == {"steps": 20, "size": 2}


def test_describe_says_what_inherited_settings_are(cli: Cli) -> None:
    shown = cli("describe", "weight-decay").stdout
    assert "learning_rate=0.02  (float, in (0, inf))\n      initial step size" in shown
    assert "decay: strength of the decay, 0 or more." in shown


def test_lines_of_a_docstring_that_speak_of_settings() -> None:
    text = "Title: no setting.\n\na: one,\n    two.\nb, c: three\nNot this: line.\n    nor this"
    assert setting_docs(text) == {"Title": "no setting.", "a": "one, two.", "b": "three", "c": "three"}

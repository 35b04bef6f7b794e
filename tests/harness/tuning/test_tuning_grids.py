"""Grids of settings: those that methods declare, and what a product of given ones is."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from methods import METHODS
from tunings import CATALOGUE

from indmech_bench.errors import InputError
from indmech_bench.harness.tuning.candidates import candidates
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.registration import build, resolve


@pytest.mark.parametrize("entry", [entry for entry in METHODS if entry.grid], ids=lambda entry: entry.name)
def test_every_candidate_of_a_registered_grid_can_be_built(entry: Any) -> None:
    made = candidates(CATALOGUE, entry.name, [])
    assert 2 <= len(made) <= 12
    assert made[0] == resolve(CATALOGUE, "method", entry.name)
    for one in made:
        assert resolve(CATALOGUE, "method", one.label) == one
        build(one)


@pytest.mark.parametrize(
    ("grid", "why"),
    [
        ('{"scle": [0.1]}', "did you mean 'scale'"),
        ('{"scale": [-1.0]}', r"must be in \(0, inf\), not -1"),
        ('{"scale": ["a"]}', "must be a finite number, not 'a'"),
        ('{"scale": 0.1}', "must be a dict from settings to lists"),
        ('{"scale": []}', "must be a dict from settings to lists"),
    ],
)
def test_a_wrong_grid_of_a_plugin_says_why(tmp_path: Path, grid: str, why: str) -> None:
    lines = [
        "@register_method('mine')",
        "class A:",
        "    'Doc.'",
        "    ranges: ClassVar[dict] = {'scale': '(0, inf)'}",
        f"    grid: ClassVar[dict] = {grid}",
        "    scale: float = 0.3",
    ]
    (tmp_path / "mine.py").write_text("\n".join(lines))
    with pytest.raises(InputError, match=why):
        Catalogue.read([tmp_path / "mine.py"])


def test_a_grid_leaves_out_what_the_name_fixes_and_is_described(cli: Cli, tmp_path: Path) -> None:
    lines = [
        "@register_method('free')",
        "@register_method('held', scale=0.2)",
        "class A:",
        "    'Doc.'",
        "    grid: ClassVar[dict] = {'scale': [0.1, None], 'steps': [1, 2]}",
        "    scale: float | None = 0.3",
        "    steps: int = 1",
    ]
    (tmp_path / "mine.py").write_text("\n".join(lines))
    free, held = (Catalogue.read([tmp_path / "mine.py"]).find("method", name) for name in ("free", "held"))
    assert free.grid == {"scale": (0.1, None), "steps": (1, 2)}
    assert held.grid == {"steps": (1, 2)}
    assert set(free.defaults) == {"scale", "steps"}
    assert "scale=0.1|none" in cli("describe", "free", "--plugin", "mine.py").stdout


def test_the_product_of_a_grid_has_the_method_first_and_once() -> None:
    made = candidates(CATALOGUE, "adam", ["steps=10|2000|2000", "learning_rate=0.02|0.1"])
    pairs = [(one.settings["steps"], one.settings["learning_rate"]) for one in made]
    assert pairs[0] == (2000, 0.02)
    assert sorted(pairs) == sorted(itertools.product((10, 2000), (0.02, 0.1)))

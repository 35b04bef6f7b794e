"""A method may use what cannot hold a truth: an allow-list of rooms, not a list of suspects."""

from __future__ import annotations

import pkgutil
from pathlib import Path

import pytest

import indmech_bench
from indmech_bench.conformance.scan import REGISTERING, ROOMS, public_rooms, reaches
from indmech_bench.registry.entries import read_module

METHOD = """
from dataclasses import dataclass
{imports}
from indmech_bench import register_method

@register_method("curious")
@dataclass(frozen=True)
class Curious:
    "Looks."

    def fit(self, problem):
        {body}
        return problem.solution(problem.start())
"""
LINES = (
    "from indmech_bench.{}.planted import truth",
    "import indmech_bench.{}.planted",
    "from indmech_bench import {}",
)
EVERY_ROOM = sorted(name for _, name, is_room in pkgutil.iter_modules(indmech_bench.__path__) if is_room)


def reached(folder: Path, imports: str, body: str = "pass") -> list[str]:
    path = folder / "curious.py"
    path.write_text(METHOD.format(imports=imports, body=body))
    (entry,) = read_module(path, "indmech_plugin_curious")
    return reaches(entry)


@pytest.mark.parametrize("room", EVERY_ROOM)
@pytest.mark.parametrize(
    "line",
    ["from indmech_bench.{}.planted import truth", "import indmech_bench.{}.planted", "from indmech_bench import {}"],
)
def test_a_truth_planted_in_any_room_but_those_allowed_is_seen(tmp_path: Path, room: str, line: str) -> None:
    assert bool(reached(tmp_path, line.format(room))) == (room not in ROOMS)


@pytest.mark.parametrize("room", EVERY_ROOM)
def test_so_is_one_that_is_imported_by_its_name_in_a_text(tmp_path: Path, room: str) -> None:
    body = f"__import__('importlib').import_module('indmech_bench.{room}.planted')"
    assert bool(reached(tmp_path, "", body)) == (room not in ROOMS)


@pytest.mark.parametrize("name", sorted(public_rooms()))
def test_public_names_are_allowed_by_the_room_they_live_in(tmp_path: Path, name: str) -> None:
    allowed = public_rooms()[name] in ROOMS or name in REGISTERING
    assert bool(reached(tmp_path, f"from indmech_bench import {name}")) != allowed
    assert bool(reached(tmp_path, "import indmech_bench", f"indmech_bench.{name}")) != allowed


def test_importing_everything_is_seen(tmp_path: Path) -> None:
    assert reached(tmp_path, "from indmech_bench import *")
    assert reached(tmp_path, "", "problem._searches")


def test_every_public_name_has_a_room() -> None:
    assert set(public_rooms()) == set(indmech_bench.__all__)
    rooms = {room for room in public_rooms().values() if room != "errors"}
    assert rooms <= set(EVERY_ROOM)
    assert {"get_task", "run", "score_file", "Truth"} <= {n for n, room in public_rooms().items() if room not in ROOMS}

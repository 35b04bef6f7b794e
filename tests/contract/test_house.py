"""The house: which room may import which, how large rooms and files are, what public names may not be called."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import indmech_bench

HOUSE = Path(indmech_bench.__file__).parent
MODULES = sorted(HOUSE.rglob("*.py"))
BASELINES = sorted((HOUSE.parent / "baselines").rglob("*.py"))
LINT = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]


def test_few_rooms_few_files_and_short_ones() -> None:
    rooms = [HOUSE, *(path for path in HOUSE.rglob("*") if path.is_dir() and list(path.glob("*.py")))]
    assert len([path for path in HOUSE.iterdir() if (path / "__init__.py").is_file()]) <= 14
    assert len([path for path in MODULES if path.parent == HOUSE]) <= 4
    assert {str(room): len(list(room.glob("*.py"))) for room in rooms if len(list(room.glob("*.py"))) > 12} == {}
    lengths = {str(path): len(path.read_text().splitlines()) for path in (*MODULES, *BASELINES)}
    assert {path: lines for path, lines in lengths.items() if lines > 250} == {}


def test_a_file_of_tests_has_one_subject_too() -> None:
    lengths = {str(path): len(path.read_text().splitlines()) for path in Path(__file__).parents[1].rglob("*.py")}
    assert len(lengths) > 100
    assert {path: lines for path, lines in lengths.items() if lines > 300} == {}


def private_names(path: Path) -> Iterator[str]:
    """Names with a leading underscore that a file takes from elsewhere: imported, or of an object that is not self."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            yield from (alias.name for alias in node.names if alias.name.startswith("_"))
        elif isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__"):
            owner = ast.unparse(node.value)
            if owner not in ("self", "cls", "os") and not owner.startswith("super("):
                yield f"{owner}.{node.attr}"


@pytest.mark.parametrize("path", [*MODULES, *BASELINES], ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_nothing_reads_what_another_module_keeps_to_itself(path: Path) -> None:
    assert [*private_names(path)] == []


def test_no_room_or_module_bears_a_public_name() -> None:
    """The lazy name would turn from a function into a module at its second access."""
    inside = (path.relative_to(HOUSE).with_suffix("").parts for path in MODULES)
    assert {part for parts in inside for part in parts} & set(indmech_bench.__all__) == set()


def test_an_upward_import_breaks_the_contract(tmp_path: Path) -> None:
    for name in ("indmech_bench", "indmech_baselines"):
        source = HOUSE if name == "indmech_bench" else HOUSE.parent / "baselines" / name
        for path in source.rglob("*.py"):
            copy = tmp_path / name / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(path.read_text())
    (tmp_path / "pyproject.toml").write_text((HOUSE.parent / "pyproject.toml").read_text())

    def kept() -> tuple[bool, str]:
        made = subprocess.run(LINT, cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": str(tmp_path)})
        return made.returncode == 0, made.stdout

    assert kept()[0], kept()[1]
    for place, line, contract in (
        (
            "indmech_bench/scm/parameters.py",
            "from indmech_bench.problem import x",
            "Imports between rooms go down",
        ),
        ("indmech_bench/attic/__init__.py", "", "Imports between rooms go down"),
        ("indmech_baselines/adam.py", "from indmech_bench.problem import training", "Baselines see the public face"),
        ("indmech_bench/results/rows.py", "import torch", "Reading results needs no torch"),
    ):
        path = tmp_path / place
        before = path.read_text() if path.exists() else None
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{before or ''}\n{line}\n")
        passed, said = kept()
        assert not passed
        assert f"{contract}" in said.partition("Broken contracts")[2]
        path.unlink() if before is None else path.write_text(before)

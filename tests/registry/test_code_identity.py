"""What invalidates a row: its own code and what that imports, not comments, not other methods."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Cli

from indmech_bench.errors import InputError
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.code_identity import _stripped, _written, source_files, source_hash
from indmech_bench.registry.entries import read_package

METHOD = '''
"""A plugin."""
from dataclasses import dataclass

from helper import scaled

from indmech_bench import register_method


@register_method("helped")
@dataclass(frozen=True)
class Helped:
    """Helped by its neighbour."""

    def fit(self, problem):
        return problem.solution(scaled(problem.start()))


@register_method("helped-too")
@dataclass(frozen=True)
class HelpedToo(Helped):
    """In the same file."""
'''
HELPER = '''
def scaled(parameters):
    """Half."""
    return {name: value / 2 for name, value in parameters.items()}
'''
LONER = METHOD.replace("from helper import scaled\n", "scaled = dict\n").replace("helped", "alone")
COMMAND = ("run", "--task", "fir-natural", "--method", "helped", "--method", "alone", "--method", "adam:steps=2",
           "--plugin", "one.py", "--plugin", "two.py", "--seeds", "2", "--out", "r")  # fmt: skip
WHY = ("status", "r", "--why", "--plugin", "one.py", "--plugin", "two.py")


def test_a_grid_or_an_approach_invalidates_nothing(tmp_path: Path) -> None:
    hashes = set()
    for body in (
        "",
        '    approach: ClassVar[str] = "mine"\n',
        '    grid: ClassVar[dict[str, list[float]]] = {"scale": [1.0]}\n',
    ):
        path = tmp_path / "method.py"
        path.write_text(METHOD.replace("    def fit", body + "\n    def fit", 1))
        hashes.add(_written(_stripped(path)))
    assert len(hashes) == 1
    path.write_text(METHOD.replace("    def fit", '    approach: str = "a setting"\n\n    def fit', 1))
    assert _written(_stripped(path)) not in hashes


def test_comments_invalidate_nothing_and_a_helper_only_its_own(cli: Cli, tmp_path: Path) -> None:
    one, two, helper = tmp_path / "one.py", tmp_path / "two.py", tmp_path / "helper.py"
    one.write_text(METHOD)
    two.write_text(LONER)
    helper.write_text(HELPER)
    assert cli(*COMMAND).stdout == "22 ok, 0 failed, 0 skipped\n"

    one.write_text("# a comment\n" + METHOD.replace("Helped by its neighbour.", "Other words."))
    helper.write_text(HELPER.replace("Half.", "One half.").replace("/ 2", "/  2") + "# half")
    assert cli(*COMMAND).stdout == "22 rows were there already\n22 ok, 0 failed, 0 skipped\n"
    assert "all rows are what today's code would make" in cli(*WHY).stdout

    helper.write_text(HELPER.replace("/ 2", "/ 3"))
    shown = cli(*WHY).stdout.splitlines()
    (change,) = (line for line in shown if "has changed" in line)
    assert change.startswith("helped: its source has changed from ")
    assert change.split()[-2:] == ["(helper.py)", "2"]
    assert "2 of 2 seeds to run" in cli(*COMMAND, "--dry-run").stdout.split("helped")[1].splitlines()[0]
    before = (tmp_path / "r/runs.jsonl").read_text()
    assert cli(*COMMAND).stdout == "20 rows were there already\n22 ok, 0 failed, 0 skipped\n"
    assert (tmp_path / "r/runs.jsonl").read_text().startswith(before)
    assert "2 rows made by older code are kept in the file and left out of tables" in cli(*WHY).stdout
    assert "all rows are what today's code would make" in cli(*WHY).stdout

    helper.write_text(HELPER)  # what was computed with the code that is back is found again
    assert cli(*COMMAND).stdout.splitlines()[0] == "22 rows were there already"
    assert "all rows are what today's code would make" in cli(*WHY).stdout, "tables show what the last run asked for"


def test_status_says_what_else_has_changed(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(LONER)
    command = ("run", "--task", "fir-natural", "--method", "alone", "--plugin", "one.py", "--seeds", "1", "--out", "r")
    cli(*command)
    shown = cli("status", "r", "--why").stdout
    assert "alone on fir-natural: not installed here nor given as --plugin, so it cannot be compared" in shown


@pytest.mark.parametrize("form", ["from .helper import f", "from . import helper", "import pack.helper", "import pack"])
def test_imports_of_its_own_package_count_however_written(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "__init__.py").write_text("from . import helper\n")
    (folder / "helper.py").write_text("import numpy\nf = 1\n")
    (folder / "other.py").write_text("f = 1\n")
    (folder / "method.py").write_text(
        f"{form}\nfrom indmech_bench import register_method\n@register_method('m')\nclass M:\n    'Doc.'\n"
    )
    (entry,) = (entry for entry in read_package(folder, "pack") if entry.name == "m")
    assert {"pack/method.py", "pack/helper.py"} <= {f"pack/{name}" for name in source_files(entry)}
    before = source_hash(entry)
    (folder / "other.py").write_text("f = 2\n")
    assert source_hash(entry) == before
    (folder / "helper.py").write_text("import numpy\nf = 22\n")
    assert source_hash(entry) != before


def test_a_helper_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(METHOD)
    (tmp_path / "helper.py").write_text("def (:\n")
    with pytest.raises(InputError, match=r"helper\.py' cannot be read"):
        source_hash(Catalogue.read([tmp_path / "one.py"]).find("method", "helped"))


def test_every_installed_method_has_a_source_of_its_own() -> None:
    for entry in Catalogue.read().of_kind("method"):
        files = source_files(entry)
        assert f"{entry.module.rpartition('.')[2]}.py" in files
        assert all(len(digest) == 16 for digest in files.values())

"""README.md is short, its links lead somewhere, and its commands and its method are what the package has."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from conftest import Cli

from indmech_bench.cli.app import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    indmech-bench (.+?)(?: {2,}#.*)?$", README, re.MULTILINE)


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 150


def test_links_lead_to_files_that_there_are() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", README)
    assert len(links) >= 15
    assert [link for link in links if not (ROOT / link).is_file()] == []


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_are_understood(line: str) -> None:
    """Verbs and options of each; nothing is run."""
    name, *arguments = shlex.split(line.partition(" > ")[0])
    verbs: Any = typer.main.get_command(app)
    context = verbs.commands[name].make_context(name, arguments)
    assert context.args == []


def test_its_method_runs(tmp_path: Path, cli: Cli) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "my_method.py").write_text(code)
    run = ("run", "--task", "fir-natural", "--plugin", "my_method.py", "--method", "my-method", "--seeds", "2")
    result = cli(*run, "--out", "results/mine", "--jobs", "0")
    assert result.returncode == 0, result.stderr
    assert "my-method" in cli("leaderboard", "results/mine").stdout

"""The pages name what there is: every verb, every module of the reference, every page in the navigation."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import typer

from indmech_bench.cli.app import app

DOCS = Path(__file__).parents[2] / "docs"
NAMED = re.findall(
    r"^::: (\S+)(?:\n    options:\n      members: \[(.*?)\])?", (DOCS / "api.md").read_text(), re.MULTILINE
)


def test_every_verb_has_its_line() -> None:
    lines = dict(re.findall(r"^\| `(\S+)` \| (.+?) \|$", (DOCS / "verbs.md").read_text(), re.MULTILINE))
    verbs: Any = typer.main.get_command(app)
    assert lines == {name: verb.help.partition("\n")[0] for name, verb in verbs.commands.items()}


@pytest.mark.parametrize(("path", "members"), NAMED)
def test_the_reference_names_what_there_is(path: str, members: str) -> None:
    found: Any = _at(path)
    assert all(hasattr(found, member) for member in members.split(", ") if member)


def _at(path: str) -> Any:
    """The module or its member of that path."""
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError:
        parent, _, name = path.rpartition(".")
        return getattr(_at(parent), name)


def test_every_page_is_in_the_navigation() -> None:
    navigation = (DOCS.parent / "mkdocs.yml").read_text().partition("nav:")[2]
    named = set(re.findall(r"\S+\.(?:md|ipynb)", navigation))
    assert named == {page.name for pattern in ("*.md", "*.ipynb") for page in DOCS.glob(pattern)}

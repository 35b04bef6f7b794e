"""The catalogue, read as text, and the live registry are one."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import indmech_bench
from indmech_bench.cli.catalogue.listings import KINDS, document
from indmech_bench.errors import InputError
from indmech_bench.registry import registration as registry
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import Entry
from indmech_bench.registry.notation import complete
from indmech_bench.registry.registration import build, live, resolve

ENTRIES = list(Catalogue.read().entries)


def test_nothing_is_broken() -> None:
    assert [entry.broken for entry in ENTRIES if entry.broken] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_catalogue_and_live_registry_are_equal(entry: Entry) -> None:
    made = live(entry)
    assert made.__name__ == entry.attribute
    assert inspect.getdoc(made) == inspect.cleandoc(entry.doc)
    if entry.kind in ("task", "method"):
        fields = {field.name: field.default for field in dataclasses.fields(made)}
        own = {s.name: s.default for s in entry.settings if not s.named}
        assert list(fields) == [setting.name for setting in entry.settings]
        assert own.items() <= fields.items()
        built = build(complete(entry, {}))
        assert dataclasses.asdict(built) == entry.defaults


def test_every_live_registration_is_in_the_catalogue() -> None:
    for entry in ENTRIES:
        live(entry)
    alive = {key for key in registry._LIVE if key[2].startswith(("indmech_bench", "indmech_baselines"))}
    assert alive == {(entry.kind, entry.name, entry.module) for entry in ENTRIES}


@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.kind == "method"], ids=lambda entry: entry.name)
def test_every_numeric_setting_of_a_method_has_a_range(entry: Entry) -> None:
    assert all(s.range for s in entry.settings if s.type in ("int", "float"))
    assert "Source:" in entry.doc or entry.name.startswith("gradient-descent")
    assert entry.facts["approach"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_listing_has_names_and_summaries(kind: str) -> None:
    (section,) = document(kind, Catalogue.read()).sections
    assert section.records
    assert all(record["name"] and record["summary"] for record in section.records)


def test_what_is_installed_and_cannot_be_read_is_listed_with_the_reason() -> None:
    broken = Entry("broken", "mine.py", "mine", Path("mine.py"), broken="line 1: not a literal")
    (section,) = document("methods", dataclasses.replace(Catalogue.read(), entries=(broken,))).sections
    (record,) = section.records
    assert (record["name"], record["summary"]) == ("mine.py", "line 1: not a literal")


def test_public_names_stay_what_they_are_at_second_access() -> None:
    for name in indmech_bench.__all__:
        assert getattr(indmech_bench, name) is getattr(indmech_bench, name)
        assert name in dir(indmech_bench)


@pytest.mark.parametrize(
    ("task", "control"),
    [
        ("fir-natural", False),
        ("fir-natural:noise=20,tolerance=0.1", False),
        ("fir-natural:dependence=0", True),
        ("fir-natural:spread=0.05", True),
        ("fir-generic", True),
        ("fir-generic:dependence=none", False),
        ("linear-gaussian-natural:dependence=0.4", True),
        ("eyes-independent", True),
        ("fork", False),
    ],
)
def test_a_task_is_a_control_by_its_settings_or_by_its_name(task: str, control: bool) -> None:
    assert resolve(Catalogue.read(), "task", task).control is control


def test_importing_and_listing_import_nothing_heavy() -> None:
    code = (
        "import sys, indmech_bench; indmech_bench.list_tasks(); indmech_bench.list_methods();"
        "print([m for m in ('torch', 'numpy', 'scipy', 'pandas', 'matplotlib') if m in sys.modules])"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name = 'x'\n@register_method(name)\nclass A:\n    'Doc.'\n", "not a literal"),
        ("@register_method('x')\nclass A:\n    'Doc.'\n    y: float\n", "no default"),
        ("@register_method('../x')\nclass A:\n    'Doc.'\n", "is no name"),
        ("@register_method('x', z=1)\nclass A:\n    'Doc.'\n", "does not have"),
        ("@register_method('x', **{})\nclass A:\n    'Doc.'\n", "literal keywords"),
        ("@register_task('x')\nclass A:\n    'Doc.'\n    natural: ClassVar[dict] = {'y': 1}\n", "setting in `natural`"),
        ("@register_task('x')\nclass A:\n    'Doc.'\n    natural: ClassVar[list] = ['y']\n", "must be a dict"),
        ("x = (", "never closed"),
    ],
)
def test_a_registration_that_cannot_be_read_says_why(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(InputError, match=why):
        Catalogue.read([tmp_path / "bad.py"])

"""Citations: whoever names a paper has its BibTeX, and no entry lacks what a reader needs to find it."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from folders import write_folder

from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import Entry
from indmech_bench.report.evidence import Evidence
from indmech_bench.report.page.citations import (
    BIBLIOGRAPHY,
    KINDS,
    PAPER,
    bibliography,
    bibliography_for,
    citations,
    cited,
    joined,
    named_in,
    source_of,
)

FILES = [Path(str(files(package) / BIBLIOGRAPHY)) for package in ("indmech_bench", "indmech_baselines")]
KEYS = [(path, key) for path in FILES for key in bibliography(path)]
REQUIRED = {
    "article": {"journal", "volume", "pages"},
    "inproceedings": {"booktitle"},
    "incollection": {"booktitle", "publisher", "editor", "pages"},
    "book": {"publisher"},
    "techreport": {"institution", "number"},
}
SOURCES = [entry for kind in KINDS for entry in Catalogue.read().of_kind(kind) if source_of(entry)]
SAID = re.compile(r"""Source:\s*(.*?)(?:\n\n|\"{3})|\bsource="(.*?)\"""", re.DOTALL)
TEXTS = [
    (path, module.stem, " ".join("".join(found).split()))
    for path in FILES
    for module in path.parent.rglob("*.py")
    for found in SAID.findall(module.read_text(encoding="utf-8"))
]
"""(BibTeX file, module, what is said after `Source:`), of every docstring of both packages."""


def fields(entry: str) -> dict[str, str]:
    return dict(re.findall(r"^  (\w+) = \{(.*)\},$", entry, re.MULTILINE))


def papers(source: str) -> int:
    return len(re.findall(r"\b(?:18|19|20)\d\d\b", source))


@pytest.mark.parametrize("entry", SOURCES, ids=lambda entry: f"{entry.kind}-{entry.name}")
def test_every_paper_that_a_registered_name_is_from_has_its_entry(entry: Entry) -> None:
    assert len(cited(source_of(entry), bibliography_for(entry))) == papers(source_of(entry))


def test_every_paper_that_any_other_docstring_names_as_a_source_has_its_entry() -> None:
    assert len(TEXTS) > 80
    assert [said for path, *said in TEXTS if len(cited(said[1], bibliography(path))) != papers(said[1])] == []


def test_every_entry_is_cited() -> None:
    used = {(path, key) for path, _, source in TEXTS for key in cited(source, bibliography(path))}
    assert [(path.parent.name, key) for path, key in KEYS if (path, key) not in used] == []


@pytest.mark.parametrize(("path", "key"), KEYS, ids=lambda given: getattr(given, "name", given))
def test_an_entry_is_whole(path: Path, key: str) -> None:
    entry = bibliography(path)[key]
    kind = entry.partition("{")[0].removeprefix("@")
    named = fields(entry)
    assert {"author", "title", "year"} | REQUIRED[kind] <= named.keys()
    assert re.fullmatch(rf"[A-Z][A-Za-z]+{named['year']}", key)
    assert re.fullmatch(r"10\.\d{4,}/\S+", named.get("doi", "10.1000/none"))
    assert re.fullmatch(r"arXiv:\d{4}\.\d{4,5}", named.get("note", "arXiv:0000.00000"))
    assert entry.count("{") == entry.count("}")


def test_keys_are_unique_and_what_stands_in_two_files_is_the_same() -> None:
    ours, theirs = map(bibliography, FILES)
    for path in FILES:
        keys = re.findall(r"^@\w+\{([^,]+),", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert keys == sorted(set(keys))
    shared = ours.keys() & theirs.keys()
    assert PAPER in shared
    assert [key for key in shared if ours[key] != theirs[key]] == []


def test_methods_of_one_source_share_a_line_after_the_paper() -> None:
    methods = [("method", name) for name in ("multistart-fit", "multistart-flat", "sgd", "unknown")]
    (paper, *_), (names, source, text), *others = citations(methods)
    assert "the paper" in paper
    assert (names, others[0][0]) == ("multistart-fit, multistart-flat", "sgd")
    assert source.startswith("Besserve")
    assert text == ""  # the paper's own entry stands above
    assert "@inproceedings{HaoChen2021," in others[0][2]
    assert PAPER not in others[0][2]


def test_tasks_and_the_kernels_that_they_are_made_of_are_cited_beside_methods(tmp_path: Path) -> None:
    kernels = {"task_settings": {"first": "ricker", "second": "sparse-reflectivity", "taps": "9x24"}}
    cells = {("seismic-sparse", "adam"): [0.1], ("linear-gaussian-natural", "adam"): [0.1]}
    folder = write_folder(tmp_path / "r", cells, changes=kernels)
    whose = {names: source for names, source, _ in citations(named_in(Evidence.of(folder).rows))}
    assert whose["ricker"] == "Ricker (1953)"
    assert whose["linear-gaussian-natural"].startswith("Janzing")
    assert "seismic-sparse" not in whose  # its source names no paper


def test_a_file_of_citations_has_each_entry_once() -> None:
    twice = citations([("method", "early-stop"), ("method", "stop-at-fit")])
    assert [text for *_, text in twice].count(twice[-1][2]) == 2
    assert joined(twice).count("@incollection{Prechelt1998,") == 1

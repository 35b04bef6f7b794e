"""BibTeX of the paper and of the methods that results hold.

A package of methods keeps `references.bib` beside its modules: of a method are those entries whose first author and
year its docstring names after `Source:`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import Entry

BIBLIOGRAPHY = "references.bib"
ENTRY = re.compile(r"^@\w+\{([^,]+),\n.*?^\}", re.MULTILINE | re.DOTALL)
FIRST = re.compile(r"author\s*=\s*\{\{?([^,}]+)")
YEAR = re.compile(r"year\s*=\s*\{?(\d{4})")
SOURCE = re.compile(r"Source:\s*(.*)", re.DOTALL)
PAPER = "Besserve2021"
"""The paper that the suite is built from."""


def source_of(entry: Entry) -> str:
    """What a docstring says after `Source:`, on one line; empty where it does not."""
    found = SOURCE.search(entry.doc)
    return " ".join(found[1].split()) if found else ""


def bibliography(path: Path) -> dict[str, str]:
    """Key -> entry of a BibTeX file; empty where there is none."""
    if not path.is_file():
        return {}
    return {found[1]: found[0] for found in ENTRY.finditer(path.read_text(encoding="utf-8"))}


def cited(source: str, entries: Mapping[str, str]) -> list[str]:
    """Keys of the entries whose first author and year a source names, in one clause; accents do not count."""
    found = []
    for key, entry in entries.items():
        author, year = FIRST.search(entry), YEAR.search(entry)
        if author and year:
            named = rf"\b{re.escape(_plain(author[1]))}\b[^;]*?\b{year[1]}\b"
            found += [key] if re.search(named, _plain(source)) else []
    return found


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def citations(methods: Iterable[str]) -> list[tuple[str, str, str]]:
    """(whose it is, the source as its docstring has it, BibTeX): the paper first, then the methods by name.

    Methods that share an entry share a line; of one that is not installed, or names no source, nothing is said.
    """
    paper = bibliography(Path(str(files("indmech_bench") / "report" / "page" / BIBLIOGRAPHY)))
    catalogue = {entry.name: entry for entry in Catalogue.read().of_kind("method")}
    owners: dict[tuple[str, str], list[str]] = {}
    for name in sorted(set(methods)):
        if name not in catalogue or not source_of(catalogue[name]):
            continue
        entry = catalogue[name]
        source = source_of(entry)
        known = bibliography(entry.path.parent / BIBLIOGRAPHY)
        texts = [known[key] for key in cited(source, known) if key != PAPER]
        owners.setdefault((source, "\n\n".join(texts)), []).append(name)
    lines = [("the paper that the suite is built from", "", paper[PAPER])]
    return [*lines, *((", ".join(names), source, text) for (source, text), names in owners.items())]

"""BibTeX of the paper, and of the methods, references, tasks and kernels that results hold.

A package keeps `references.bib` beside its modules or in a folder above them: of a method are those entries whose first
author and year its docstring names after `Source:`, and likewise for all that is registered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import Entry
from indmech_bench.results.row_fields import TaskRow

BIBLIOGRAPHY = "references.bib"
ENTRY = re.compile(r"^@\w+\{([^,]+),\n.*?^\}", re.MULTILINE | re.DOTALL)
FIRST = re.compile(r"author\s*=\s*\{\{?([^,}]+)")
YEAR = re.compile(r"year\s*=\s*\{?(\d{4})")
SOURCE = re.compile(r"Source:\s*(.*)", re.DOTALL)
KINDS = ("method", "reference", "task", "kernel")
PAPER = "Besserve2021"
"""The paper that the suite is built from."""


def source_of(entry: Entry) -> str:
    """What a docstring says after `Source:`, or a kernel's registration as `source`, on one line; empty without."""
    found = SOURCE.search(entry.doc)
    return " ".join(found[1].split()) if found else str(entry.facts.get("source", ""))


def bibliography(path: Path) -> dict[str, str]:
    """Key -> entry of a BibTeX file; empty where there is none."""
    if not path.is_file():
        return {}
    return {found[1]: found[0] for found in ENTRY.finditer(path.read_text(encoding="utf-8"))}


def bibliography_for(entry: Entry) -> dict[str, str]:
    """Key -> entry of the nearest BibTeX file at or above a registered name's module, within its package."""
    for folder in entry.path.parents:
        if (folder / BIBLIOGRAPHY).is_file() or not (folder / "__init__.py").is_file():
            return bibliography(folder / BIBLIOGRAPHY)
    return {}


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


def named_in(rows: Iterable[TaskRow]) -> list[tuple[str, str]]:
    """(kind, name) of all that rows are of: methods first, then references, tasks, and what tasks' settings name."""
    found: dict[str, set[str]] = {"method": set(), "reference": set(), "task": set(), "kernel": set()}
    for row in rows:
        found["reference" if row["reference"] else "method"].add(row["method"])
        found["task"].add(row["task"])
        found["kernel"].update(value for value in row["task_settings"].values() if isinstance(value, str))
    return [(kind, name) for kind, names in found.items() for name in sorted(names)]


def citations(named: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """(whose it is, the source as it is given, BibTeX): the paper first, then what is named, by kind and name.

    named: kinds and names; names that nothing of the kind has are passed over, such as settings that are no kernels.
    What shares an entry shares a line. Of methods every source is given, of the rest those with an entry.
    """
    paper = bibliography(Path(str(files("indmech_bench") / BIBLIOGRAPHY)))
    catalogue = Catalogue.read()
    registered = {(entry.kind, entry.name): entry for kind in KINDS for entry in catalogue.of_kind(kind)}
    owners: dict[tuple[str, str], list[str]] = {}
    for kind, name in named:
        entry = registered.get((kind, name))
        source = source_of(entry) if entry else ""
        if not entry or not source:
            continue
        known = bibliography_for(entry)
        texts = [known[key] for key in cited(source, known) if key != PAPER]
        if texts or kind == "method":
            owners.setdefault((source, "\n\n".join(texts)), []).append(name)
    lines = [("the paper that the suite is built from", "", paper[PAPER])]
    return [*lines, *((", ".join(names), source, text) for (source, text), names in owners.items())]


def joined(cited: Iterable[tuple[str, str, str]]) -> str:
    """One BibTeX file of citations: each entry once, however many cite it."""
    entries = dict.fromkeys(found[0] for *_, text in cited for found in ENTRY.finditer(text))
    return "\n\n".join(entries) + "\n"

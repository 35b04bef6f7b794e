"""What is registered: listing and describing import nothing."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from indmech_bench.errors import InputError, unknown
from indmech_bench.registry.entries import Entry, read_module, read_package

PACKAGE = Path(__file__).parents[1]
METHODS_GROUP = "indmech_bench.methods"
TASKS_GROUP = "indmech_bench.tasks"
REFERENCES = ("references", "image_references")
"""Modules of scoring that register references."""


def _entry_point_packages(group: str) -> Iterator[Entry]:
    for point in importlib.metadata.entry_points(group=group):
        try:
            spec = importlib.util.find_spec(point.value)
        except (ImportError, ValueError, AttributeError) as error:
            yield Entry("broken", point.name, point.value, Path(), broken=str(error))
            continue
        if spec is None or spec.origin is None:
            yield Entry("broken", point.name, point.value, Path(), broken=f"no module named '{point.value}'")
        elif spec.submodule_search_locations:
            yield from read_package(Path(spec.origin).parent, point.value)
        else:
            yield from read_module(Path(spec.origin), point.value)


def plugin_module(path: Path) -> str:
    """The module name under which a single-file plugin is imported: its stem, made unique by its place."""
    return f"indmech_plugin_{path.stem}_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]}"


def read_plugin(path: Path) -> list[Entry]:
    """The registrations of a plugin file. Raises InputError when it is absent, broken or registers nothing."""
    if not path.is_file():
        raise InputError(f"plugin '{path}' is not a file.")
    entries = read_module(path.resolve(), plugin_module(path))
    broken = [entry for entry in entries if entry.kind == "broken"]
    if broken:
        raise InputError(f"plugin '{path}' cannot be read: {broken[0].broken}.")
    if not entries:
        raise InputError(f"plugin '{path}' registers nothing: it needs @register_method(\"name\") at module level.")
    return entries


@functools.lru_cache(maxsize=1)
def installed() -> tuple[Entry, ...]:
    """Everything that is registered in this package and in the packages of entry points."""
    entries = read_package(PACKAGE / "tasks", "indmech_bench.tasks")
    for module in REFERENCES:
        entries += read_module(PACKAGE / "scoring" / f"{module}.py", f"indmech_bench.scoring.{module}")
    for group in (METHODS_GROUP, TASKS_GROUP):
        entries += _entry_point_packages(group)
    return tuple(entries)


SESSION: dict[tuple[str, str], Entry] = {}
"""What the running session itself defines, by kind and name."""


@dataclass(frozen=True)
class Catalogue:
    """All registered names: those installed, those that the session defines, and those of the plugin files given."""

    entries: tuple[Entry, ...]

    @classmethod
    def read(cls, plugins: Iterable[Path] = ()) -> Catalogue:
        """Raises InputError for a plugin that cannot be used or takes a name that exists."""
        entries = [*installed(), *SESSION.values()]
        taken = {(entry.kind, entry.name): entry for entry in entries}
        before = len(entries)
        for plugin in plugins:
            for entry in read_plugin(plugin):
                other = taken.get((entry.kind, entry.name))
                if other is not None and other in entries[:before] and other.path.resolve() == entry.path:
                    continue  # a file of a package that is installed
                if other is not None:
                    raise InputError(f"plugin '{plugin}' registers '{entry.name}', a name taken by {other.path.name}.")
                taken[entry.kind, entry.name] = entry
                entries.append(entry)
        return cls(tuple(entries))

    def of_kind(self, kind: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.kind == kind]

    def find(self, kind: str, name: str) -> Entry:
        """The entry of this name; InputError with the nearest name when there is none."""
        for entry in self.entries:
            if entry.kind == kind and entry.name == name:
                return entry
        raise unknown(kind, name, (entry.name for entry in self.of_kind(kind)))


def list_tasks() -> list[str]:
    """Names of all installed tasks."""
    return [entry.name for entry in Catalogue.read().of_kind("task")]


def list_methods() -> list[str]:
    """Names of all installed methods, references not among them."""
    return [entry.name for entry in Catalogue.read().of_kind("method")]

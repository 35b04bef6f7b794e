"""The classes that a registered class is built on, found in source with `ast`: inherited settings without importing."""

from __future__ import annotations

import ast
import functools
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, eq=False)
class SourceClass:
    """A class as its file has it."""

    node: ast.ClassDef
    module: str
    path: Path

    @property
    def is_dataclass(self) -> bool:
        """Whether its annotated fields are settings: those of a base that is no dataclass are not."""
        names = (node.func if isinstance(node, ast.Call) else node for node in self.node.decorator_list)
        return any(ast.unparse(name) in ("dataclass", "dataclasses.dataclass") for name in names)


def lineage(found: SourceClass) -> Iterator[SourceClass]:
    """The bases of a class whose source can be found, the most distant first, then the class itself."""
    seen: set[tuple[Path, str]] = set()
    for ancestor in _ancestors(found, depth=20):
        if (ancestor.path, ancestor.node.name) not in seen:
            seen.add((ancestor.path, ancestor.node.name))
            yield ancestor


def _ancestors(found: SourceClass, depth: int) -> Iterator[SourceClass]:
    for base in reversed(found.node.bases if depth else []):
        definition = _resolve(ast.unparse(base), found.module, found.path)
        if definition is not None:
            yield from _ancestors(definition, depth - 1)
    yield found


def _resolve(name: str, module: str, path: Path, depth: int = 20) -> SourceClass | None:
    """The class that a (dotted) name means in a file, through imports; None where its source is not to be found."""
    first, _, rest = name.partition(".")
    for node in _tree(path, path.stat().st_mtime_ns).body if depth else []:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return SourceClass(node, module, path)
        if isinstance(node, ast.Import):
            for alias in node.names:
                if name.startswith(f"{alias.asname or alias.name}."):
                    inside = name.removeprefix(alias.asname or alias.name).strip(".")
                    return _in_module(alias.name, inside, module, path, depth)
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if first == (alias.asname or alias.name):
                    dotted = _absolute(node, module, path)
                    if rest:  # a module: from package import module
                        return _in_module(f"{dotted}.{alias.name}", rest, module, path, depth)
                    return _in_module(dotted, alias.name, module, path, depth)
    return None


def _absolute(node: ast.ImportFrom, module: str, path: Path) -> str:
    """The module that `from ... import` names; relative ones from the package of the file."""
    if not node.level:
        return node.module or ""
    parts = module.split(".") if path.stem == "__init__" else module.split(".")[:-1]
    kept = parts[: len(parts) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _in_module(dotted: str, name: str, importer: str, importing: Path, depth: int) -> SourceClass | None:
    path = _file(dotted, importer, importing)
    return None if path is None else _resolve(name, dotted, path, depth - 1)


def _file(dotted: str, importer: str, importing: Path) -> Path | None:
    """Where the source of a module is: a neighbour of a plugin file, or in a package; nothing is imported."""
    top, _, inside = dotted.partition(".")
    if top == importer.partition(".")[0]:
        depth = importer.count(".") + (importing.stem == "__init__")
        roots = [importing.parents[depth] if depth else importing.parent]
    else:
        roots = [importing.parent] if "." not in importer else []
        spec = importlib.util.find_spec(top) if top.isidentifier() else None
        if spec is not None and spec.origin:
            origin = Path(spec.origin)
            roots.append(origin.parents[1] if spec.submodule_search_locations else origin.parent)
    for root in roots:
        place = root.joinpath(top, *inside.split(".")) if inside else root / top
        # a package that resolves its names lazily says in a stub where they live
        for candidate in (place / "__init__.pyi", place / "__init__.py", place.with_suffix(".py")):
            if candidate.is_file():
                return candidate
    return None


@functools.lru_cache(maxsize=256)
def _tree(path: Path, modified: int) -> ast.Module:
    """The syntax tree of one state of a file; empty where it cannot be read."""
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ast.Module([], [])

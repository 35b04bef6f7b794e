"""The identity of a method's code: one hash, whatever its comments, docstrings, formatting and listings."""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path

from indmech_bench.errors import InputError
from indmech_bench.registry import notebook as session
from indmech_bench.registry.entries import Entry
from indmech_bench.registry.registration import is_plugin, live

DIGEST = 16
LISTED = ("grid", "approach", "search")
"""Facts of a class that only listings, `tune` and the making of jobs read: no row depends on them."""


def source_hash(entry: Entry) -> str:
    """Hash of the module that registers `entry` and of the modules of its own package that it imports, transitively.

    References belong to the engine, whose number covers them.
    """
    if entry.kind == "reference":
        return "engine"
    digest = hashlib.sha256()
    for name, code in sorted(source_files(entry).items()):
        digest.update(f"{name}\0{code}\0".encode())
    return digest.hexdigest()[:DIGEST]


def source_files(entry: Entry) -> dict[str, str]:
    """Hash of each file that `source_hash` covers, by its path within the package; of the session, if defined there."""
    if entry.module == session.MODULE:
        return {"the session": session.session_hash(live(entry))[:DIGEST]}
    return {
        name: hashlib.sha256(_written(_stripped(path)).encode()).hexdigest()[:DIGEST]
        for name, path in source_paths(entry).items()
    }


def source_paths(entry: Entry) -> dict[str, Path]:
    """Where each of these files is; none for what the session defines."""
    if entry.module == session.MODULE:
        return {}
    if is_plugin(entry):
        root, package = entry.path.parent, ""
    else:
        package = entry.module.partition(".")[0]
        root = _package_root(entry.path, entry.module)
    seen: dict[str, Path] = {}
    waiting = [entry.path]
    while waiting:
        path = waiting.pop()
        name = path.relative_to(root).as_posix()
        if name in seen:
            continue
        seen[name] = path
        waiting += _own_imports(_stripped(path), path, root, package)
    return seen


def _package_root(path: Path, module: str) -> Path:
    depth = module.count(".") + (1 if path.name == "__init__.py" else 0)
    return path.parents[depth - 1] if depth else path.parent


def _stripped(path: Path) -> ast.Module:
    """The syntax tree of a file without docstrings and what only listings read."""
    state = path.stat()
    return _stripped_once(path, state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=256)
def _stripped_once(path: Path, modified: int, size: int) -> ast.Module:
    """As `_stripped`, for one state of the file: a session may run again after an edit."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        raise InputError(f"'{path}' cannot be read: {error}.") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str):
                node.body = node.body[1:]
        if isinstance(node, ast.ClassDef):
            node.body = [statement for statement in node.body if not _is_listed(statement)]
    return tree


def _is_listed(statement: ast.stmt) -> bool:
    """Whether a statement of a class body gives one of the facts in LISTED."""
    return (
        isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and statement.target.id in LISTED
        and ast.unparse(statement.annotation).startswith(("ClassVar", "typing.ClassVar"))
    )


def _written(node: object) -> str:
    """A syntax tree as text, the same for every version of Python: fields that are empty are left out."""
    if isinstance(node, ast.AST):
        fields = (f"{name}={_written(value)}" for name, value in ast.iter_fields(node) if value not in (None, []))
        return f"{type(node).__name__}({','.join(fields)})"
    if isinstance(node, list):
        return f"[{','.join(map(_written, node))}]"
    return repr(node)


def _own_imports(tree: ast.Module, path: Path, root: Path, package: str) -> Iterator[Path]:
    """Files below `root` that a module of `package` (or, with none, a plugin file) imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            dotted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = path.parents[node.level - 1]
            if not base.is_relative_to(root):
                continue
            parts = [package, *base.relative_to(root).parts, *(node.module or "").split(".")]
            stem = ".".join(part for part in parts if part)
            dotted = [stem, *(f"{stem}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.ImportFrom) and node.module:
            dotted = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in dotted:
            if package and name != package and not name.startswith(package + "."):
                continue
            inside = name.removeprefix(package).strip(".").split(".") if package else name.split(".")
            place = root.joinpath(*[part for part in inside if part])
            for candidate in (place.with_suffix(".py"), place / "__init__.py"):
                if candidate.is_file():
                    yield candidate

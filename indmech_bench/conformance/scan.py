"""What the source of a method says without being run: reaching for the truth, drawing by itself, mixing replicates."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from indmech_bench.registry.code_identity import source_paths
from indmech_bench.registry.entries import Entry

PACKAGE = "indmech_bench"
ROOMS = ("errors", "text", "statistics", "scm", "problem")
"""Rooms that a method may use, directly or by a public name: from all others a truth can be drawn or scored."""
REGISTERING = ("register_method",)
"""Public names of other rooms that a method may use."""
DOTTED = re.compile(r"\w+(\.\w+)+")
PRIVATE = (
    "_observation",
    "_streams",
    "_meter",
    "_scale",
    "_start_scale",
    "_given_start",
    "_searches",
    "_prepaid",
    "_charge",
)
"""What a Problem keeps to itself."""
DRAWS = (
    "manual_seed", "Generator", "default_rng", "RandomState", "Philox", "Random", "randn", "rand", "randint",
    "randperm", "randn_like", "rand_like", "normal_", "uniform_", "standard_normal", "bernoulli", "multinomial",
)  # fmt: skip
MIXERS = ("clip_grad_norm_", "ReduceLROnPlateau", "LBFGS", "BatchNorm1d", "BatchNorm2d", "cov", "corrcoef")
"""What takes all replicates of a batch for one thing."""


def _places(entry: Entry, suspicious: Callable[[ast.AST], str]) -> list[str]:
    """`what (file, line n)` of every node that the function has a word for."""
    found: dict[str, None] = {}
    for name, path in source_paths(entry).items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top = own_statements(tree, entry.attribute) if path.resolve() == entry.path.resolve() else tree.body
        for node in (inner for statement in top for inner in ast.walk(statement)):
            what = suspicious(node)
            if what:
                found[f"{what} ({name}, line {getattr(node, 'lineno', 0)})"] = None
    return [*found]


def own_statements(tree: ast.Module, attribute: str) -> list[ast.stmt]:
    """The statements of a module but other registered classes and what only these use: they answer for it."""
    bound = {name: statement for statement in tree.body for name in _bound(statement)}
    neighbours = [node for node in tree.body if _is_registered(node) and getattr(node, "name", "") != attribute]
    theirs = _used(neighbours, bound)
    kept = _used([bound[attribute]] if attribute in bound else [], bound)
    return [node for node in tree.body if id(node) in kept or id(node) not in theirs]


def _bound(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement at module level gives."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
    else:
        targets = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
        yield from (node.id for node in targets if isinstance(node.ctx, ast.Store))


def _is_registered(node: ast.stmt) -> bool:
    return isinstance(node, ast.ClassDef | ast.FunctionDef) and any(
        _called(decorator).startswith("register_") for decorator in node.decorator_list
    )


def _used(statements: Iterable[ast.stmt], bound: Mapping[str, ast.stmt]) -> set[int]:
    """The ids of statements with all those of the module that they use, directly or not."""
    waiting, seen = [*statements], set[int]()
    while waiting:
        statement = waiting.pop()
        if id(statement) in seen:
            continue
        seen.add(id(statement))
        names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        waiting += [bound[name] for name in names if name in bound]
    return seen


def _called(node: ast.AST) -> str:
    """The last name of what is called: `f` of a.f(x)."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == PACKAGE:
        yield f"{PACKAGE}.{node.attr}"
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and DOTTED.fullmatch(node.value):
        yield node.value  # importlib.import_module("...")


@functools.lru_cache(maxsize=1)
def public_rooms() -> dict[str, str]:
    """The room in which each public name of the package lives, from the stub that lists them."""
    stub = Path(__file__).parents[1] / "__init__.pyi"
    imports = [node for node in ast.parse(stub.read_text(encoding="utf-8")).body if isinstance(node, ast.ImportFrom)]
    return {
        alias.asname or alias.name: (node.module or "").partition(".")[0] for node in imports for alias in node.names
    }


def _may_be_used(dotted: str) -> bool:
    """Whether a method may import this name: nothing of this package but what cannot hold a truth."""
    package, _, inside = dotted.partition(".")
    first = inside.partition(".")[0]
    return package != PACKAGE or first in REGISTERING or public_rooms().get(first, first) in ("", *ROOMS)


def reaches(entry: Entry) -> list[str]:
    """Where the source reaches for what holds the truth."""

    def suspicious(node: ast.AST) -> str:
        for name in _imported(node):
            if not _may_be_used(name):
                return name
        if _called(node) in ("get_task", "sample"):
            return f"{_called(node)}(...)"
        if isinstance(node, ast.Attribute) and node.attr in PRIVATE and not _is_self(node.value):
            return f".{node.attr}"
        return ""

    return _places(entry, suspicious)


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def draws(entry: Entry) -> list[str]:
    """Where the source draws random numbers other than by `problem.randn`."""

    def suspicious(node: ast.AST) -> str:
        name = _called(node)
        if name not in DRAWS:
            return ""
        assert isinstance(node, ast.Call)
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        return "" if owner is not None and ast.unparse(owner).endswith("problem") else f"{name}(...)"

    return _places(entry, suspicious)


def mixes(entry: Entry) -> list[str]:
    """Where the source calls what is known to mix the replicates of a batch."""
    return _places(entry, lambda node: f"{_called(node)}(...)" if _called(node) in MIXERS else "")

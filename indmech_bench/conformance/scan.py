"""What the source of a method says without being run: reaching for the truth, drawing by itself, mixing replicates."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from indmech_bench.catalogue import Entry
from indmech_bench.source import source_paths

HOLDERS = ("indmech_bench.tasks", "indmech_bench.references", "indmech_bench.truth", "indmech_bench.job")
"""Modules that can draw a truth."""
PRIVATE = ("_observation", "_streams", "_meter", "_scale", "_given_start", "_prepaid", "_charge")
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
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            what = suspicious(node)
            if what:
                found[f"{what} ({name}, line {getattr(node, 'lineno', 0)})"] = None
    return [*found]


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
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):  # importlib.import_module("...")
        yield node.value


def reaches(entry: Entry) -> list[str]:
    """Where the source reaches for what holds the truth."""

    def suspicious(node: ast.AST) -> str:
        for name in _imported(node):
            if any(name == holder or name.startswith(holder + ".") for holder in HOLDERS):
                return name
            if name in ("indmech_bench.get_task", "indmech_bench.registry.get_task"):
                return "get_task"
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

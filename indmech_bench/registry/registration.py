"""Literal registration of tasks, methods, references and kernels, and their live objects by name."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from indmech_bench.errors import InputError
from indmech_bench.registry import notebook as session
from indmech_bench.registry.catalogue import SESSION, Catalogue, installed, plugin_module
from indmech_bench.registry.entries import Entry
from indmech_bench.registry.notation import Named, complete, split

T = TypeVar("T")

_LIVE: dict[tuple[str, str, str], Any] = {}
"""The registered object of each kind, name and module."""


def _register(kind: str, name: str, options: dict[str, Any]) -> Callable[[T], T]:
    def keep(registered: T) -> T:
        module = registered.__module__
        if module == session.MODULE:
            for entry in installed():
                if (entry.kind, entry.name) == (kind, name):
                    raise InputError(f"the name '{name}' is taken by {entry.path.name}.")
            SESSION[kind, name] = session.session_entry(kind, name, registered, options)
        _LIVE[kind, name, module] = registered
        return registered

    return keep


def register_task(name: str, *, version: int = 1, **defaults: Any) -> Callable[[T], T]:
    """Register a task class (a frozen dataclass) under a name; `defaults` replace those of its fields.

    A keyword may also name a fact of the class (a ClassVar) that listings are to show differently for this name, for
    example `solutions` or `independence`. One class may bear several names. Arguments and field defaults are
    literals: the catalogue reads them as text.
    """
    return _register("task", name, {"version": version, **defaults})


def register_method(name: str, **fixed: Any) -> Callable[[T], T]:
    """Register a method class (a frozen dataclass with `fit(problem)`) under a name that fixes some settings."""
    return _register("method", name, fixed)


def register_reference(name: str, *, families: Sequence[str] = ()) -> Callable[[T], T]:
    """Register a reference, a function `(problem, truth) -> Solution`. References know the truth: never ranked.

    families: those whose tasks it stands beside, a literal list; without it, all.
    """
    return _register("reference", name, {"families": list(families)} if families else {})


def register_kernel(name: str, *, units: str, source: str, pairs: dict[str, str] | None = None) -> Callable[[T], T]:
    """Register a kernel of some field: a function `(generator, taps) -> array (taps,)` that draws one.

    It draws from the numpy generator alone and is conditioned on nothing; its scale does not matter. One function may
    bear several names.

    Args:
        name: of the kernel.
        units: what a tap and its value are, for example `taps of 8 ms; reflection coefficient`.
        source: who describes the shape.
        pairs: registered kernels that it acts together with, each with the lengths `L1xL2` of both, in taps: the lines
            of `indmech-bench pairs`.
    """
    given = {"units": units, "source": source, **({} if pairs is None else {"pairs": pairs})}
    return _register("kernel", name, given)


def resolve(catalogue: Catalogue, kind: str, text: str) -> Named:
    """`name:setting=value,...` -> the entry with complete settings, nothing imported. Raises InputError."""
    name, given = split(text)
    return complete(catalogue.find(kind, name), given)


def live(entry: Entry) -> Any:
    """The registered class or function itself, its module imported."""
    key = entry.kind, entry.name, entry.module
    if key not in _LIVE:
        _import(entry)
    return _LIVE[key]


def imported(kind: str, name: str) -> Any | None:
    """What modules imported so far registered under this name, plugins among them; None where none did."""
    return next((thing for (k, n, _), thing in _LIVE.items() if (k, n) == (kind, name)), None)


def forget(entry: Entry) -> None:
    """Have `live` import a plugin anew."""
    _LIVE.pop((entry.kind, entry.name, entry.module), None)


def is_plugin(entry: Entry) -> bool:
    """Whether the entry comes from a single file, given by its path."""
    return entry.module == plugin_module(entry.path)


def _import(entry: Entry) -> None:
    if not is_plugin(entry):
        importlib.import_module(entry.module)
        return
    folder = str(entry.path.parent)
    if folder not in sys.path:  # a plugin file may import its neighbours, as a script may
        sys.path.append(folder)
    spec = importlib.util.spec_from_file_location(entry.module, entry.path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[entry.module] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[entry.module]
        raise InputError(f"plugin '{entry.path}' fails on import: {type(error).__name__}: {error}.") from error


def build(named: Named) -> Any:
    """The task or method object with these settings. Raises InputError when they are out of range."""
    registered_object = live(named.entry)(**named.settings)
    check = getattr(registered_object, "check", None)
    if check is not None:
        check()
    return registered_object


def get_task(text: str, plugins: Iterable[Path] = ()) -> Any:
    """The task of this name and settings, for example `fir-natural:taps=7x5`. Raises InputError."""
    return build(resolve(Catalogue.read(plugins), "task", text))


def get_method(text: str, plugins: Iterable[Path] = ()) -> Any:
    """The method of this name and settings, for example `adam:learning_rate=0.01`. Raises InputError."""
    return build(resolve(Catalogue.read(plugins), "method", text))

"""Registrations read from source with `ast`: a module's text gives the same answer as importing it.

Registration is literal (module level, literal arguments, literal defaults). A module that cannot be read is reported as
broken and breaks nothing else.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from indmech_bench.errors import unknown
from indmech_bench.registry.inheritance import SourceClass, lineage
from indmech_bench.registry.values import Setting, read_value, written_value

KINDS = {
    "register_task": "task",
    "register_method": "method",
    "register_reference": "reference",
    "register_kernel": "kernel",
}
FACTS_OF_FUNCTIONS: dict[str, dict[str, Any]] = {
    "kernel": {"units": "", "source": "", "pairs": {}},
    "reference": {"families": []},
}
"""What the registration of a function says of it, by kind: it has no class to say it."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
DOCUMENTED = re.compile(r"(\w+(?:, \w+)*): (.+)")


@dataclass(frozen=True)
class Entry:
    """One registered name. `facts` are the class's literal ClassVars; `broken` says why it cannot be used.

    `grid`: the values among which `tune` chooses by default, by setting, from the class's `grid`.
    """

    kind: str
    name: str
    module: str
    path: Path
    attribute: str = ""
    doc: str = ""
    version: int = 1
    settings: tuple[Setting, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    grid: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    broken: str = ""

    @property
    def summary(self) -> str:
        return self.doc.strip().partition("\n")[0]

    @property
    def defaults(self) -> dict[str, Any]:
        return {setting.name: setting.default for setting in self.settings}

    def is_control(self, settings: Mapping[str, Any]) -> bool:
        """Whether a task with these settings is a control: its truths are drawn or built to have a given rho.

        So it is by the fact `control`, or where a setting has another value than the one under which truths are left
        as they fall (`natural`).
        """
        natural = self.facts.get("natural", {})
        conditioned = any(name in settings and settings[name] != value for name, value in natural.items())
        return bool(self.facts.get("control")) or conditioned


class _NotLiteralError(Exception):
    pass


def _literal(node: ast.expr, what: str) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise _NotLiteralError(f"line {node.lineno}: {what} is not a literal") from None


def _registrations(node: ast.ClassDef | ast.FunctionDef) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(kind, name, keyword arguments) of each register_* decorator, top down."""
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call):
            continue
        called = decorator.func
        function = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
        if function not in KINDS:
            continue
        if len(decorator.args) != 1 or any(keyword.arg is None for keyword in decorator.keywords):
            raise _NotLiteralError(f"line {decorator.lineno}: {function} takes one name and literal keywords")
        name = _literal(decorator.args[0], f"the name given to {function}")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise _NotLiteralError(f"line {decorator.lineno}: {name!r} is no name: letters, digits, '-', '_' and '.'")
        options = {str(k.arg): _literal(k.value, f"{k.arg} of '{name}'") for k in decorator.keywords}
        yield KINDS[function], name, options


def _inherited(registered: SourceClass) -> tuple[list[Setting], dict[str, Any]]:
    """Settings (annotated fields) and facts (literal ClassVars) of a registered class and of its bases."""
    settings: dict[str, Setting] = {}
    facts: dict[str, Any] = {}
    for ancestor in lineage(registered):
        own_settings, own_facts = _body(ancestor, registered)
        settings |= {setting.name: setting for setting in own_settings}
        facts = merged_facts(facts, own_facts)
    return list(settings.values()), facts


def merged_facts(inherited: Mapping[str, Any], own_facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of a class over those of its base: each replaces the inherited one, `ranges` setting by setting."""
    ranges = {**inherited.get("ranges", {}), **own_facts.get("ranges", {})}
    others = {name: value for name, value in inherited.items() if name not in own_facts}
    return {**own_facts, **others, **({"ranges": ranges} if ranges else {})}


def _body(ancestor: SourceClass, registered: SourceClass) -> tuple[list[Setting], dict[str, Any]]:
    """Settings and facts that a class itself gives; what a base has that is no literal is no fact."""
    settings, facts = [], {}
    is_own = ancestor is registered
    docs = setting_docs(ast.get_docstring(ancestor.node) or "")
    for statement in ancestor.node.body:
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        name, annotation = statement.target.id, ast.unparse(statement.annotation)
        if annotation.startswith(("ClassVar", "typing.ClassVar")):
            if statement.value is not None:
                try:
                    facts[name] = _literal(statement.value, f"ClassVar {name}")
                except _NotLiteralError:
                    if is_own:
                        raise
        elif not is_own and not ancestor.is_dataclass:
            continue
        elif statement.value is None:
            raise _NotLiteralError(f"line {statement.lineno}: setting '{name}' has no default")
        else:
            default = _literal(statement.value, f"the default of '{name}'")
            settings.append(Setting(name, annotation, default, doc="" if is_own else docs.get(name, "")))
    return settings, facts


def setting_docs(docstring: str) -> dict[str, str]:
    """What a class's docstring says of its settings: lines `name: text`, with the lines indented below."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in docstring.splitlines():
        start = DOCUMENTED.fullmatch(line)
        if start:
            names = start[1].split(", ")
            found |= dict.fromkeys(names, start[2])
        elif names and line.startswith("    "):
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
        else:
            names = []
    return found


def _entries(node: ast.ClassDef | ast.FunctionDef, module: str, path: Path) -> Iterator[Entry]:
    registrations = [*_registrations(node)]
    if not registrations:
        return
    settings, facts = _inherited(SourceClass(node, module, path)) if isinstance(node, ast.ClassDef) else ([], {})
    doc = ast.get_docstring(node) or ""
    for kind, name, options in registrations:
        known = FACTS_OF_FUNCTIONS.get(kind, facts)
        plain = Entry(kind, name, module, path, node.name, doc, settings=tuple(settings), facts=known)
        try:
            yield with_options(plain, options)
        except ValueError as error:
            raise _NotLiteralError(f"line {node.lineno}: {str(error).rstrip('.')}") from None


def with_options(entry: Entry, options: Mapping[str, Any]) -> Entry:
    """An entry with the keyword arguments of its registration, its settings' ranges and grid. Raises ValueError.

    A keyword that names a fact of the class says what holds under this name instead.
    """
    facts = {**entry.facts, **{name: value for name, value in options.items() if name in entry.facts}}
    ranges, grid = facts.pop("ranges", {}), facts.pop("grid", {})
    _check_natural(entry, facts.get("natural", {}))
    given = {name: value for name, value in options.items() if name != "version" and name not in facts}
    for name in given:
        if name not in entry.defaults:
            raise ValueError(f"'{entry.name}' sets '{name}', which the class does not have")
    for name, value in {**entry.defaults, **given}.items():
        if not isinstance(value, bool | int | float | str | None) or value in (float("inf"), float("-inf")):
            raise ValueError(f"'{name}' is {value!r}, but settings are finite numbers, text, true, false or none")
    settings = tuple(
        replace(
            setting,
            default=given.get(setting.name, setting.default),
            named=setting.name in given,
            fixed=setting.name in given and entry.kind == "method",
            range=ranges.get(setting.name, ""),
        )
        for setting in entry.settings
    )
    version = int(options.get("version", 1))
    return replace(entry, version=version, settings=settings, facts=facts, grid=_grid(entry.name, settings, grid))


def _check_natural(entry: Entry, natural: Any) -> None:
    """Raises ValueError where a class's `natural` is no dict from its settings to values."""
    if not isinstance(natural, dict):
        raise ValueError(f"`natural` of '{entry.name}' must be a dict from settings to values")
    for name in natural:
        if name not in entry.defaults:
            raise unknown(f"setting in `natural` of '{entry.name}'", name, entry.defaults)


def _grid(owner: str, settings: tuple[Setting, ...], grid: Any) -> dict[str, tuple[Any, ...]]:
    """A class's grid, each value as its setting's type has it; settings that the name fixes are left out."""
    if not isinstance(grid, dict) or not all(isinstance(values, list) and values for values in grid.values()):
        raise ValueError(f"the grid of '{owner}' must be a dict from settings to lists of values")
    known = {setting.name: setting for setting in settings}
    for name in grid:
        if name not in known:
            raise unknown(f"setting in the grid of '{owner}'", name, known)
    read = {
        name: tuple(read_value(owner, known[name], written_value(value)) for value in values)
        for name, values in grid.items()
    }
    return {name: values for name, values in read.items() if not known[name].fixed}


def read_module(path: Path, module: str) -> list[Entry]:
    """The registrations of one source file, in order; one broken entry in place of those that cannot be read."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        return [
            entry
            for node in tree.body
            if isinstance(node, ast.ClassDef | ast.FunctionDef)
            for entry in _entries(node, module, path)
        ]
    except SyntaxError as error:
        why = f"line {error.lineno}: {error.msg}"
    except (_NotLiteralError, OSError, ValueError, RecursionError) as error:
        why = str(error)
    return [Entry("broken", module, module, path, broken=why)]


def read_package(folder: Path, package: str) -> list[Entry]:
    """The registrations of every module of a package."""
    entries = []
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        dotted = ".".join((package, *(part for part in parts if part != "__init__")))
        entries += read_module(path, dotted)
    return entries

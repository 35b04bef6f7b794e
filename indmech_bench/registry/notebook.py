"""Methods and tasks defined in the running session (a notebook, a script): no file to read them from, only objects.

They are described from the live class instead of its text, and hashed by their compiled code.
"""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from indmech_bench.errors import InputError
from indmech_bench.registry.entries import FACTS_OF_FUNCTIONS, Entry, merged_facts, with_options
from indmech_bench.registry.values import Setting

MODULE = "__main__"
PLAIN = (bool, int, float, str, bytes, type(None))


def session_entry(kind: str, name: str, registered: Any, options: dict[str, Any]) -> Entry:
    """The entry of a class or function of this session. Raises InputError when it cannot be registered.

    Args:
        kind: task, method, reference or kernel.
        name: what it is registered as.
        registered: the class or function.
        options: the keyword arguments of its registration.
    """
    settings = []
    for field in dataclasses.fields(registered) if dataclasses.is_dataclass(registered) else ():
        if field.default is dataclasses.MISSING:
            raise InputError(f"setting '{field.name}' of '{name}' has no default.")
        type_name = field.type if isinstance(field.type, str) else getattr(field.type, "__name__", str(field.type))
        settings.append(Setting(field.name, type_name, field.default))
    facts: dict[str, Any] = dict(FACTS_OF_FUNCTIONS.get(kind, {}))
    for base in reversed(registered.__mro__) if inspect.isclass(registered) else ():
        annotations = inspect.get_annotations(base)
        own_facts = {key: vars(base)[key] for key, kept in annotations.items() if _is_fact(base, key, kept)}
        facts = merged_facts(facts, own_facts)
    doc = inspect.cleandoc(registered.__doc__ or "")
    plain = Entry(kind, name, MODULE, Path(MODULE), registered.__name__, doc, settings=tuple(settings), facts=facts)
    try:
        return with_options(plain, options)
    except ValueError as error:
        raise InputError(f"{error}.") from None


def _is_fact(registered: type, name: str, annotation: Any) -> bool:
    return "ClassVar" in str(annotation) and name in vars(registered)


def session_hash(registered: Any) -> str:
    """Hash of the compiled code of a class or function and of all that it names in its own module, transitively."""
    digest = hashlib.sha256()
    seen: set[int] = set()
    waiting = [registered]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        for function in _functions(thing):
            for code in _codes(function.__code__):
                constants = [constant for constant in code.co_consts if isinstance(constant, (*PLAIN, tuple))]
                digest.update(repr((code.co_code, code.co_names, constants, function.__defaults__)).encode())
                for name in code.co_names:
                    used = function.__globals__.get(name)
                    if isinstance(used, PLAIN):
                        digest.update(repr((name, used)).encode())
                    elif getattr(used, "__module__", None) == MODULE:
                        waiting.append(used)
    return digest.hexdigest()


def _functions(thing: Any) -> Iterator[FunctionType]:
    """A function itself; the functions of a class and of its bases in the session."""
    if isinstance(thing, FunctionType):
        yield thing
    elif inspect.isclass(thing):
        for base in thing.__mro__:
            if base.__module__ == MODULE:
                for value in vars(base).values():
                    inner = getattr(value, "fget", None) or getattr(value, "__func__", value)
                    if isinstance(inner, FunctionType):
                        yield inner


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)

"""The notation `name:setting=value,setting=value`, read against the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from indmech_bench.errors import InputError, unknown
from indmech_bench.registry.entries import Entry
from indmech_bench.registry.values import Setting, read_value, written


@dataclass(frozen=True)
class Named:
    """A registered name with complete settings: what rows, labels and streams are named by."""

    entry: Entry
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def label(self) -> str:
        """`name` or `name:setting=value,...` with the settings that differ from the defaults."""
        return label(self.name, self.settings, self.entry.defaults)

    @property
    def control(self) -> bool:
        """Whether it is a task whose truths are drawn or built to have a given rho."""
        return self.entry.is_control(self.settings)


def label(name: str, settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """`name:setting=value,...` of the settings that differ from `defaults`."""
    changed = [written(key, value) for key, value in settings.items() if key not in defaults or defaults[key] != value]
    return f"{name}:{','.join(changed)}" if changed else name


def split(text: str) -> tuple[str, dict[str, str]]:
    """`name:a=1,b=2` -> (`name`, {a: 1, b: 2}) as text."""
    name, colon, rest = text.partition(":")
    given: dict[str, str] = {}
    for part in rest.split(",") if colon else []:
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise InputError(f"'{text}' is not of the form name:setting=value,setting=value: look at '{part}'.")
        if key.strip() in given:
            raise InputError(f"'{text}' gives setting '{key.strip()}' twice.")
        given[key.strip()] = value.strip()
    return name.strip(), given


def complete(entry: Entry, given: Mapping[str, str]) -> Named:
    """All settings of an entry, those given read by the type of their field. Raises InputError."""
    if entry.broken:
        raise InputError(f"'{entry.name}' cannot be used: {entry.broken}.")
    free = {setting.name: setting for setting in entry.settings if not setting.fixed}
    values = {s.name: _typed(s) for s in entry.settings}
    for key, text in given.items():
        if key in values and key not in free:
            raise InputError(f"setting '{key}' is fixed by the name '{entry.name}'.")
        if key not in free:
            raise unknown(f"setting of {entry.kind} '{entry.name}'", key, free)
        values[key] = read_value(entry.name, free[key], text)
    return Named(entry, values)


def _typed(setting: Setting) -> Any:
    """A default as its field's type has it: a whole number written for a float is that float."""
    whole = isinstance(setting.default, int) and not isinstance(setting.default, bool)
    return float(setting.default) if whole and setting.type.startswith("float") else setting.default

"""Values of settings: how they are written, read and checked."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from indmech_bench.errors import InputError


@dataclass(frozen=True)
class Setting:
    """One setting: its type as written, its default under this name, and its range.

    `named`: the registration sets it, beside the class's own default; `fixed`: it cannot be changed under this name.
    `range` is an interval such as `(0, inf)` or `[0, 1)`, from the class's `ranges`; empty where there is none. `doc`:
    what the base that a setting is inherited from says of it; of its own ones the class's docstring speaks.
    """

    name: str
    type: str
    default: Any
    named: bool = False
    fixed: bool = False
    range: str = ""
    doc: str = ""


def written_value(value: Any) -> str:
    """A value as a user would type it."""
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value)


def written(key: str, value: Any) -> str:
    """`key=value` as a user would type it."""
    return f"{key}={written_value(value)}"


def read_value(owner: str, setting: Setting, text: str) -> Any:
    """One value by the type its field is annotated with, float, int, bool or str, each perhaps `| None`."""
    kinds = [kind.strip() for kind in setting.type.split("|")]
    for kind in sorted(kinds, key=lambda kind: kind != "None"):  # so that `none` is none where text is allowed too
        try:
            value = _READERS[kind](text)
        except (KeyError, ValueError):
            continue
        if setting.range and value is not None and not _inside(value, setting.range):
            raise InputError(f"setting '{setting.name}' of '{owner}' must be in {setting.range}, not {text}.")
        return value
    wanted = " or ".join(_ALLOWED.get(kind, kind) for kind in kinds)
    raise InputError(f"setting '{setting.name}' of '{owner}' must be {wanted}, not '{text}'.")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _bool(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _none(text: str) -> None:
    if text.lower() != "none":
        raise ValueError(text)


_READERS: dict[str, Callable[[str], Any]] = {"float": _finite, "int": int, "bool": _bool, "str": str, "None": _none}
_ALLOWED = {"float": "a finite number", "int": "a whole number", "bool": "true or false", "str": "text", "None": "none"}


def _inside(value: float, interval: str) -> bool:
    """Whether a number lies in an interval written like `[0, 1)`."""
    low, high = (float(bound) for bound in interval[1:-1].split(","))
    above = value >= low if interval[0] == "[" else value > low
    below = value <= high if interval[-1] == "]" else value < high
    return above and below

"""Suites: chosen lists of tasks and methods, as TOML files beside this one or a user's own."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indmech_bench.errors import InputError, unknown

FOLDER = Path(__file__).parent
PRECISIONS = ("float64", "float32")
DEFAULT_TIMEOUT = 300.0


@dataclass(frozen=True)
class Suite:
    """What to run. `name` is that of the default results folder; `settings` are paths of settings files.

    matched_fit: whether methods that can run with their end polished as well. curves: whether what is measured along
    training is kept.
    """

    name: str
    tasks: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    seeds: str = "32"
    budget: float | None = None
    timeout: float = DEFAULT_TIMEOUT
    precision: str = "float64"
    matched_fit: bool = False
    curves: bool = False
    summary: str = ""


def suite_names() -> list[str]:
    """Names of the shipped suites."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read_suite(text: str) -> Suite:
    """A shipped suite by name or a user's own by the path of its .toml file. Raises InputError."""
    if text.endswith(".toml"):
        path = Path(text)
        if not path.is_file():
            raise InputError(f"suite file '{text}' does not exist.")
    else:
        path = FOLDER / f"{text}.toml"
        if text not in suite_names():
            raise unknown("suite", text, suite_names())
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"suite file '{text}' cannot be read: {error}.") from None
    return _checked(path, text, content)


def _checked(path: Path, text: str, content: dict[str, Any]) -> Suite:
    kinds: dict[str, tuple[tuple[type, ...], str]] = {
        "tasks": ((list,), "a list of task names"),
        "methods": ((list,), "a list of method names"),
        "settings": ((list,), "a list of settings files"),
        "seeds": ((int, str), "a number or a range such as '0-31'"),
        "budget": ((int, float), "a number of cost units"),
        "timeout": ((int, float), "a number of seconds"),
        "precision": ((str,), "float64 or float32"),
        "matched_fit": ((bool,), "true or false"),
        "curves": ((bool,), "true or false"),
        "summary": ((str,), "text"),
    }
    for key, value in content.items():
        if key not in kinds:
            raise unknown(f"key in suite file '{text}'", key, kinds)
        types, wanted = kinds[key]
        listed = value if isinstance(value, list) else []
        if (
            (isinstance(value, bool) and bool not in types)
            or not isinstance(value, types)
            or not all(isinstance(v, str) for v in listed)
        ):
            raise InputError(f"'{key}' in suite file '{text}' must be {wanted}, not {value!r}.")
    if not content.get("tasks"):
        raise InputError(f"suite file '{text}' names no tasks.")
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in content.items()}
    fields["seeds"] = str(fields.get("seeds", "32"))
    fields["settings"] = tuple(str(path.parent / file) for file in fields.get("settings", ()))
    suite = Suite(name=path.stem, **fields)
    check_limits(suite.budget, suite.timeout, suite.precision)
    return suite


def check_limits(budget: float | None, timeout: float, precision: str) -> None:
    """Raises InputError for limits that allow nothing."""
    if budget is not None and not 0 < budget < float("inf"):
        raise InputError(f"--budget {budget:g} must be a number of cost units above 0.")
    if not 0 < timeout < float("inf"):
        raise InputError(f"--timeout {timeout:g} must be a number of seconds above 0.")
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)

"""Settings files: what `tune` has chosen for one method on one task, as TOML that `run --settings` reads."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indmech_bench.errors import InputError, unknown
from indmech_bench.harness.suites.suite import PRECISIONS
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.notation import Named, complete
from indmech_bench.registry.registration import resolve
from indmech_bench.registry.values import written_value

METRICS = {"tuned-blind": "fit_error", "tuned-oracle": "extrapolation_error"}
"""What each protocol chooses by, on tuning seeds: all that a practitioner has, and an upper bound."""

_TEXT = ((str,), "text")
_KEYS: dict[str, tuple[tuple[type, ...], str]] = {
    "method": _TEXT,
    "protocol": _TEXT,
    "task": _TEXT,
    "seeds": _TEXT,
    "budget": ((int, float, str), "a number of cost units above 0 or 'none'"),
    "precision": _TEXT,
    "metric": _TEXT,
    "median": ((int, float), "a number"),
    "command": _TEXT,
    "version": _TEXT,
    "settings": ((dict,), "a table of settings"),
}


@dataclass(frozen=True)
class Tuned:
    """A method with the settings chosen on one task. `content`: all that its file says, by key."""

    path: Path
    task: Named
    method: Named
    protocol: str
    budget: float | None
    precision: str
    content: dict[str, Any]


def write_tuned(content: dict[str, Any]) -> str:
    """The text of a settings file, plain values by key; the text `none` stands for None, as on the command line."""
    plain = {key: value for key, value in content.items() if key != "settings"}
    lines = ["# written by indmech-bench tune, for indmech-bench run --settings FILE"]
    lines += [f"{key} = {_toml(value)}" for key, value in plain.items()]
    lines += ["", "[settings]", *(f"{key} = {_toml(value)}" for key, value in content["settings"].items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    """A plain value as TOML has it: as JSON."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def read_content(path: str | Path) -> dict[str, Any]:
    """What a settings file says, by key. Raises InputError naming the file."""
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"settings file '{path}' does not exist.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"settings file '{path}' cannot be read: {error}.") from None
    for key in content:
        if key not in _KEYS:
            raise unknown(f"key in settings file '{path}'", key, _KEYS)
    for key, (types, wanted) in _KEYS.items():
        if key not in content:
            raise InputError(f"settings file '{path}' lacks '{key}'.")
        if isinstance(content[key], bool) or not isinstance(content[key], types):
            raise InputError(f"'{key}' in settings file '{path}' must be {wanted}, not {content[key]!r}.")
    for key, value in content["settings"].items():
        if not isinstance(value, bool | int | float | str):
            raise InputError(f"setting '{key}' in settings file '{path}' must be one plain value, not {value!r}.")
    return content


def read_tuned(path: str | Path, catalogue: Catalogue) -> Tuned:
    """The settings that a file holds, read and checked against the catalogue. Raises InputError naming the file."""
    content = read_content(path)
    protocol, budget = content["protocol"], content["budget"]
    if protocol not in METRICS:
        raise unknown(f"protocol in settings file '{path}'", protocol, METRICS)
    if content["metric"] != METRICS[protocol]:
        raise InputError(f"settings file '{path}': {protocol} chooses by {METRICS[protocol]}, not {content['metric']}.")
    if content["precision"] not in PRECISIONS:
        raise unknown(f"precision in settings file '{path}'", content["precision"], PRECISIONS)
    if budget != "none" and not (isinstance(budget, int | float) and 0 < budget < float("inf")):
        raise InputError(f"'budget' in settings file '{path}' must be {_KEYS['budget'][1]}, not {budget!r}.")
    try:
        return Tuned(
            path=Path(path),
            task=resolve(catalogue, "task", content["task"]),
            method=_method(catalogue, content["method"], content["settings"]),
            protocol=protocol,
            budget=None if budget == "none" else float(budget),
            precision=content["precision"],
            content=content,
        )
    except InputError as error:
        raise InputError(f"settings file '{path}': {error}") from None


def _method(catalogue: Catalogue, name: str, settings: dict[str, Any]) -> Named:
    """The method with exactly these settings, those that its name fixes among them."""
    entry = catalogue.find("method", name)
    fixed = {setting.name: setting.default for setting in entry.settings if setting.fixed}
    free = {key: written_value(value) for key, value in settings.items() if fixed.get(key, ...) != value}
    named = complete(entry, free)
    for key in named.settings:
        if key not in settings:
            raise InputError(f"setting '{key}' of '{name}' is missing: today's method has it, so tune again.")
    return named


def check_tuned(tuned: Sequence[Tuned], tasks: Sequence[Named], budget: float | None, precision: str) -> list[str]:
    """Sentences on files tuned under another budget or precision than the run's, which decides.

    Raises InputError for a file whose task is not among `tasks`, and for two of one task, method and protocol.

    Args:
        tuned: the files.
        tasks: of the run.
        budget: of the run.
        precision: of the run.
    """
    seen: list[Tuned] = []
    warned = []
    for file in tuned:
        if file.task not in tasks:
            known = ", ".join(task.label for task in tasks)
            raise InputError(f"settings file '{file.path}' is for task '{file.task.label}', not in this run: {known}.")
        for other in seen:
            if (file.task, file.method.name, file.protocol) == (other.task, other.method.name, other.protocol):
                what = f"{file.method.name} [{file.protocol}] on '{file.task.label}'"
                raise InputError(f"settings files '{other.path}' and '{file.path}' are both for {what}: give one.")
        seen.append(file)
        for name, before, now in (("budget", file.budget, budget), ("precision", file.precision, precision)):
            if before != now:
                was, here = written_value(before), written_value(now)
                warned.append(f"settings file '{file.path}' was tuned with {name} {was}, this run has {here}.")
    return warned

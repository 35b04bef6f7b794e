"""What a run takes where nothing is said: a file of options, the environment, then what is built in."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_type_hints

from indmech_bench.errors import InputError, unknown
from indmech_bench.harness.options import RunOptions, said_of_options

CONFIG = "INDMECH_BENCH_CONFIG"
JOBS = "INDMECH_BENCH_JOBS"
RESULTS = "INDMECH_BENCH_RESULTS"
PLACE = "results"
"""The folder of results folders: a key of a file of options beside the options themselves."""
PATHS = ("settings", "plugins", "out", PLACE)
"""What a file of options names from where it stands."""


def configured(options: RunOptions) -> RunOptions:
    """The options with those of their file in the place of what was not said. Raises InputError."""
    content = _content(_file(options))
    built_in = RunOptions()
    said = {name: value for name, value in content.items() if name != PLACE}
    if os.environ.get(JOBS):
        said.pop("jobs", None)  # the environment goes before the file
    return replace(options, **{k: v for k, v in said.items() if _unsaid(getattr(options, k), getattr(built_in, k))})


def _unsaid(value: Any, built_in: Any) -> bool:
    """Whether an option has its built-in value; a command line has an empty list where there is an empty tuple."""
    return bool(value == built_in or (built_in == () and not value))


def folder_for(options: RunOptions, name: str) -> Path:
    """Where the rows of a run go that would be called `name`. Raises InputError."""
    if options.out is None:
        return results_place(options) / name
    if not str(options.out).strip():
        raise InputError("--out '' names no folder: give one, or leave --out away.")
    return Path(options.out)


def results_place(options: RunOptions | None = None) -> Path:
    """The folder that results folders lie in: `results`, the environment or the file of options say another."""
    named = os.environ.get(RESULTS) or _content(_file(options or RunOptions())).get(PLACE)
    return Path(named or "results")


def default_jobs() -> int:
    """Workers where no number is given: one a core, the environment says another number. Raises InputError."""
    text = os.environ.get(JOBS)
    if not text:
        return cores()
    if not text.strip().isdecimal():
        raise InputError(f"{JOBS} in the environment is '{text}', and must be a number of worker processes.")
    return int(text)


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _file(options: RunOptions) -> Path | None:
    named = options.config or os.environ.get(CONFIG)
    return Path(named) if named else None


def _content(path: Path | None) -> dict[str, Any]:
    """What a file of options says, checked. Raises InputError."""
    if path is None:
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"--config '{path}' does not exist.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"--config '{path}' cannot be read: {error}.") from None
    known = {field.name for field in fields(RunOptions) if said_of_options()[field.name].flag} - {"config"}
    return {name: _value(path, name, value, {*known, PLACE}) for name, value in content.items()}


def _value(path: Path, name: str, value: Any, known: set[str]) -> Any:
    if name not in known:
        raise unknown(f"key in '{path}'", name, known)
    kinds, wanted = _kinds(name)
    listed = isinstance(value, list) and kinds is list and all(isinstance(item, str) for item in value)
    if not listed and (
        kinds is list or not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool)
    ):
        raise InputError(f"'{name}' in '{path}' must be {wanted}, not {value!r}.")
    if listed:
        return tuple(str(path.parent / item) if name in PATHS else item for item in value)
    return str(path.parent / value) if name in PATHS else str(value) if name == "seeds" else value


def _kinds(name: str) -> tuple[Any, str]:
    """The types that a value may have, and what it must be in words."""
    hint = str if name == PLACE else get_type_hints(RunOptions)[name]
    if hint is bool:
        return bool, "true or false"
    if hint in (Sequence[str], Sequence[str | Path]):
        return list, "a list of texts"
    if name == "jobs":
        return int, "a number of worker processes"
    if hint == float | None:
        return (int, float), "a number"
    return ((int, str), "a number or a range such as '0-31'") if name == "seeds" else (str, "a text")

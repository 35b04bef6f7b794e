"""The fields of a row: one replicate of one method on one task."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Any, TypedDict, get_args, get_origin, get_type_hints


class Identity(TypedDict):
    """What all rows of a cell share; `salt` is a digest, settings are complete.

    training: `fused`, by the engine wherever it knows model, observation and objective, or `plain`, by autograd.
    """

    schema: int
    task: str
    task_settings: dict[str, Any]
    task_version: int
    salt: str
    method: str
    settings: dict[str, Any]
    protocol: str
    reference: bool
    source: str
    engine: int
    budget: float | None
    precision: str
    training: str


class Place(TypedDict, total=False):
    """Where the method of a row computed, unless that was the processor."""

    device: str


class _Listed(Place, total=False):
    """What some rows have: also `errors`, e under each intervention by name, where a task lists them."""

    errors: dict[str, Any]


class Result(_Listed):
    """What a row has to itself.

    status: a word of `Status`, with its reason. metrics: {} where there are none; null for a number that is not finite.
    truth: facts of the replicate. details: the method's own account. cost: in cost units, None where it is not known.
    """

    seed: int
    status: str
    reason: str
    metrics: dict[str, Any]
    truth: dict[str, Any]
    details: dict[str, Any]
    cost: float | None
    seconds: float | None


class Row(Identity, Result):
    """One line of `runs.jsonl`. `run` names an entry of the manifest."""

    key: str
    run: str


class LabelledRow(Row):
    """A row with the names that tables give its task and its method, settings among them."""

    task_label: str
    label: str


class TaskRow(LabelledRow):
    """A labelled row with what is known of its task: its family, empty where it is not known; whether a control."""

    family: str
    control: bool


def _read_as(hint: Any) -> tuple[type, ...]:
    """The types that a field's value may have when it is read from JSON, where 1.0 may be written 1."""
    parts = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    plain = [get_origin(part) or part for part in parts]
    return tuple(kind for part in plain for kind in ((int, float) if part is float else (part,)))


_TYPES = {name: _read_as(hint) for name, hint in get_type_hints(Row).items()}
FIELDS = {name: types for name, types in _TYPES.items() if name in Row.__required_keys__}
"""Each field that every row has, with the types that its value may have."""
OPTIONAL = {name: types for name, types in _TYPES.items() if name in Row.__optional_keys__}
"""Those of some rows."""


def row_part(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A field of a row that holds values by name; empty where the row has none."""
    part: dict[str, Any] = row.get(name, {})
    return part


def field_of(row: Mapping[str, Any], name: str) -> Any:
    """The field of a row whose name is in a variable, where type checkers cannot follow."""
    return row[name]

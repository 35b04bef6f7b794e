"""Labels of rows: a protocol, or the settings that vary."""

from __future__ import annotations

from typing import Any

from indmech_bench.analysis.labels import with_labels
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.identity import KEYED


def row(**changes: Any) -> dict[str, Any]:
    settings = Catalogue.read().find("method", "adam").defaults
    fields = {"task": "fir-natural", "task_settings": {}, "task_version": 1, "schema": 2, "method": "adam",
              "settings": {**settings, **changes.pop("settings", {})}, "protocol": "tuned-blind", "reference": False,
              "budget": None, "precision": "float64", "training": "fused", "salt": ""}  # fmt: skip
    return {**fields, **changes}


def test_a_label_names_the_protocol_for_the_settings() -> None:
    rows = [row(settings={"steps": 20}), row(task="fork", settings={"steps": 30}), row(protocol="default")]
    assert [one["label"] for one in with_labels(rows)] == ["adam [tuned-blind]", "adam [tuned-blind]", "adam"]


def test_two_settings_of_one_task_and_protocol_are_two_labels() -> None:
    rows = [row(settings={"steps": 20}), row(settings={"steps": 30}), row(settings={"steps": 20}, budget=9.0)]
    assert [one["label"] for one in with_labels(rows)] == [
        "adam:steps=20 [tuned-blind, budget=None]",
        "adam:steps=30 [tuned-blind, budget=None]",
        "adam [tuned-blind, budget=9.0]",
    ]


def test_a_method_that_is_not_installed_shows_the_settings_that_vary() -> None:
    row = {"task": "fir-natural", "task_settings": {}, "reference": False, "protocol": "default", "method": "elsewhere"}
    fields = {**dict.fromkeys(KEYED), **row}
    one = [{**fields, "settings": {"scale": 0.3, "steps": 5}}, {**fields, "settings": {"scale": 0.3, "steps": 5}}]
    assert [row["label"] for row in with_labels(one)] == ["elsewhere", "elsewhere"]
    two = [*one, {**fields, "settings": {"scale": 0.5, "steps": 5}}]
    assert [row["label"] for row in with_labels(two)] == ["elsewhere:scale=0.3"] * 2 + ["elsewhere:scale=0.5"]

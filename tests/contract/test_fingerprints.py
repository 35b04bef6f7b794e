"""Numbers of every task are those that were committed: results of old runs stay comparable."""

from __future__ import annotations

import pytest
from contracts import lacks_weights
from fingerprints import committed, differences, fingerprint

from indmech_bench.registry.catalogue import Catalogue

TASKS = [entry.name for entry in Catalogue.read().of_kind("task")]


def test_every_task_has_a_fingerprint_and_nothing_else_has() -> None:
    assert sorted(committed()) == sorted(TASKS)


@pytest.mark.parametrize("name", TASKS)
def test_the_numbers_of_a_task_are_those_committed(name: str) -> None:
    if why := lacks_weights(name):
        pytest.skip(why)
    changed = differences(committed().get(name, {}), fingerprint(name))
    advice = (
        f"the numbers of task '{name}' changed. If that is meant, raise its version in register_task (or ENGINE in "
        "registry/identity.py where the suite's own numerics changed), then run: "
        "PYTHONPATH=tests python tests/support/fingerprints.py --write"
    )
    assert not changed, "\n".join([advice, *changed])

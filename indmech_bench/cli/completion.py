"""Names that a shell completes: what is registered, read without importing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Completion = Callable[[str], list[str]]


def _of_kinds(*kinds: str) -> Completion:
    def complete(incomplete: str) -> list[str]:
        return [name for name in _names(kinds) if name.startswith(incomplete)]

    return complete


def _names(kinds: Iterable[str]) -> Iterable[str]:
    from indmech_bench.harness.suites.suite import suite_names
    from indmech_bench.registry.catalogue import Catalogue
    from indmech_bench.scoring.metrics import METRICS

    catalogue = Catalogue.read()
    for kind in kinds:
        if kind == "suite":
            yield from suite_names()
        elif kind == "metric":
            yield from (metric.name for metric in METRICS)
        else:
            yield from (entry.name for entry in catalogue.of_kind(kind))


task_names = _of_kinds("task")
method_names = _of_kinds("method")


def figures(incomplete: str) -> list[str]:
    """Names of figures."""
    from indmech_bench.report.gallery import FIGURES

    return [name for name in FIGURES if name.startswith(incomplete)]


suites = _of_kinds("suite")
metrics = _of_kinds("metric")
every_name = _of_kinds("task", "method", "reference", "metric", "suite")
"""What `describe` knows."""
OF_OPTIONS = {"suite": suites, "tasks": task_names, "methods": method_names}
"""Options of a run whose values are names."""

"""From names to cells: which task, method and settings a run covers."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from indmech_bench.errors import InputError
from indmech_bench.harness.batches import is_row_exact
from indmech_bench.harness.tuning.settings_file import Tuned
from indmech_bench.harness.workers.messages import Job
from indmech_bench.problem.engine.kernels.compiling import PLAIN
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.code_identity import source_hash
from indmech_bench.registry.identity import ENGINE, SCHEMA, row_identity_keys, salt_digest, salt_of_streams
from indmech_bench.registry.notation import Named
from indmech_bench.registry.registration import resolve
from indmech_bench.results.row_fields import Identity

MATCHED_FIT = "matched-fit"
"""The protocol under which a method that has the setting `polish` ends with it: all fit alike then."""


@dataclass(frozen=True)
class Cell:
    """One task with one method or reference, under one budget, precision and way of training: many seeds."""

    task: Named
    method: Named
    salt: str
    budget: float | None
    precision: str
    training: str
    source: str
    protocol: str = "default"

    @property
    def reference(self) -> bool:
        return self.method.entry.kind == "reference"

    @property
    def label(self) -> str:
        """The method with the settings that differ from its defaults, and its protocol where that is not `default`."""
        return self.method.label if self.protocol == "default" else f"{self.method.label} [{self.protocol}]"

    @property
    def identity(self) -> Identity:
        """The fields that all rows of the cell share."""
        return {
            "schema": SCHEMA,
            "task": self.task.name,
            "task_settings": self.task.settings,
            "task_version": self.task.entry.version,
            "salt": salt_digest(self.salt),
            "method": self.method.name,
            "settings": self.method.settings,
            "protocol": self.protocol,
            "reference": self.reference,
            "source": self.source,
            "engine": ENGINE,
            "budget": self.budget,
            "precision": self.precision,
            "training": self.training,
        }

    def keys(self, seeds: Sequence[int]) -> dict[int, str]:
        """The key of each seed's row."""
        key = row_identity_keys(self.identity)
        return {seed: key(seed) for seed in seeds}

    def job(
        self, seeds: Sequence[int], plugins: Sequence[str], save_solutions: bool = False, curves: bool = False
    ) -> Job:
        """Plain JSON that tells a child all it needs. References have no solutions or curves to save."""
        return {
            **self.identity,
            "salt": salt_of_streams(self.salt),
            "seeds": list(seeds),
            "plugins": list(plugins),
            "whole": not is_row_exact(self.method.entry.facts),
            "save_solutions": save_solutions and not self.reference,
            "curves": curves and not self.reference,
        }


def shared_search(cell: Cell) -> Hashable:
    """What cells have in common that search alike, which jobs on the same seeds do only once; None for no search."""
    search = cell.method.entry.facts.get("search")
    package = cell.method.entry.module.partition(".")[0]
    return (cell.task.label, cell.budget, cell.precision, cell.training, package, search) if search else None


def make_cells(
    catalogue: Catalogue,
    tasks: Sequence[str],
    methods: Sequence[str],
    *,
    salt: str,
    budget: float | None,
    precision: str,
    training: str,
    tuned: Sequence[Tuned] = (),
    with_references: bool = True,
    matched_fit: bool = False,
) -> Iterator[Cell]:
    """Task by task: every reference if wanted, the methods, then those tuned on it.

    Raises InputError for a name that is wrong or given twice.

    Args:
        catalogue: what is registered.
        tasks: as `name:setting=value,...`.
        methods: likewise.
        salt: a secret mixed into every truth.
        budget: cost units a replicate, None for no limit; references have none.
        precision: of the methods; references compute in float64.
        training: of the methods, fused or plain; references train nothing.
        tuned: settings files, each for its own task.
        with_references: whether every reference stands beside the methods.
        matched_fit: whether methods that can also run with their end polished, under the protocol MATCHED_FIT.
    """
    named_tasks = _distinct(catalogue, "task", tasks)
    named_methods = _distinct(catalogue, "method", methods)
    references = [Named(entry) for entry in catalogue.of_kind("reference") if with_references]
    polished = [named for named in map(_polished, named_methods) if named is not None and matched_fit]
    for task in named_tasks:
        settled = [(file.method, file.protocol) for file in tuned if file.task == task]
        matched = [(named, MATCHED_FIT) for named in polished]
        beside = [named for named in references if _stands_beside(named, task)]
        plain = [(named, "default") for named in (*beside, *named_methods)]
        for method, protocol in (*plain, *matched, *settled):
            reference = method.entry.kind == "reference"
            yield Cell(
                task=task,
                method=method,
                salt=salt,
                budget=None if reference or budget is None else float(budget),
                precision="float64" if reference else precision,
                training=PLAIN if reference else training,
                source=source_hash(method.entry),
                protocol=protocol,
            )


def _stands_beside(reference: Named, task: Named) -> bool:
    """Whether a reference is one for tasks of this family."""
    families = reference.entry.facts["families"]
    return not families or task.entry.facts.get("family") in families


def _polished(method: Named) -> Named | None:
    """The method with its end polished; None where it is anyway, or where it has no such setting."""
    settings = method.settings
    return replace(method, settings={**settings, "polish": True}) if settings.get("polish") is False else None


def _distinct(catalogue: Catalogue, kind: str, texts: Sequence[str]) -> list[Named]:
    distinct: list[Named] = []
    for text in texts:
        named = resolve(catalogue, kind, text)
        if any(named.name == other.name and named.settings == other.settings for other in distinct):
            raise InputError(f"{kind} '{named.label}' is given twice.")
        distinct.append(named)
    return distinct

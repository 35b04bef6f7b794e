"""Shards: parts of a run that any number of machines do by themselves, each into a folder of its own, for `merge`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from indmech_bench.errors import InputError
from indmech_bench.harness.cells import Cell, shared_search


@dataclass(frozen=True)
class Shard:
    """One of several parts; `number` counts from 0."""

    number: int
    shards: int

    def of(self, cells: Sequence[Cell]) -> list[Cell]:
        """The cells of this part, in their order; none where there are more parts than groups of cells.

        Cells that share a search stay together, since it is done only once. Groups are dealt by size, those of one
        size in the order of a hash of their names, so that methods and tasks are spread, each to the part that has
        the fewest cells: all machines come to the same parts without talking to each other.
        """
        groups: dict[Hashable, list[int]] = {}
        for place, cell in enumerate(cells):
            groups.setdefault(shared_search(cell) or place, []).append(place)
        dealt = [0] * self.shards
        mine: list[int] = []
        for places in sorted(groups.values(), key=lambda places: (-len(places), _scatter(cells[places[0]]))):
            least = dealt.index(min(dealt))
            dealt[least] += len(places)
            mine += places if least == self.number else []
        return [cells[place] for place in sorted(mine)]


def read_shard(text: str) -> Shard:
    """`I/N` with I from 0 to N - 1. Raises InputError."""
    written = re.fullmatch(r"([0-9]{1,7})/([0-9]{1,7})", text.strip())
    if written is None or not int(written[1]) < int(written[2]):
        raise InputError(f"--shard '{text}' must be I/N with I from 0 to N - 1, such as 0/4.")
    return Shard(int(written[1]), int(written[2]))


def _scatter(cell: Cell) -> str:
    return hashlib.sha256(f"{cell.task.label} {cell.label}".encode()).hexdigest()

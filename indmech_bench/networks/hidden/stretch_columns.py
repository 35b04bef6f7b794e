"""What the tables of stretched levels and of enforced independence say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from indmech_bench.networks.hidden.enforcing import Enforced
from indmech_bench.networks.hidden.stretching import StretchedLevel
from indmech_bench.statistics.estimates import range_of_several
from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column, Kind, Table, kept, kept_interval, shown

Trainings = tuple[Enforced, ...]
"""Of one aim."""

NOTES = (
    "coarse: distance of pictures to the pixel stretch in blocks of 8 x 8, over that of the unstretched ones. "
    "patches: Bures distance of high-passed 8 x 8 patches to the originals', over their power, beside its floor "
    "between halves of the originals. sharpness: power of differences of neighbouring columns, over the originals'.",
)
OF_ENFORCED = (
    "fit: squared error of the outputs on latents that were not trained on, over their variance. log rho: mean over "
    "pairs of layers of the mean over channels; rms: of each channel. The other columns: as in `stretches`, by level.",
)


def _fixed(digits: int) -> Any:
    return lambda value: f"{value:.{digits}f}"


LEVELS: tuple[Column[StretchedLevel], ...] = (
    Column("level", "level", lambda line: line.level, kind=Kind.NAME),
    Column("size", "maps", lambda line: line.size, kind=Kind.TEXT),
    Column("coarse_distance", "coarse", lambda line: line.coarse_distance, _fixed(3)),
    Column("patch_distance", "patches", lambda line: line.patch_distance, _fixed(3)),
    Column("floor", "floor", lambda line: line.floor, _fixed(3)),
    Column("sharpness", "sharpness", lambda line: line.sharpness, _fixed(2)),
)


def stretch_document(name: str, factor: float, how: str, levels: Sequence[StretchedLevel]) -> Document:
    """A line a level, the pixels last."""
    title = f"{name}: maps stretched by {factor:g} ({how})"
    return Document(title, (Section("", (Table("", LEVELS, tuple(levels)),)),), NOTES)


def enforced_document(name: str, lines: Sequence[Enforced]) -> Document:
    """A line an aim; of every level the coarse distance and the patch distance.

    Of several trainings the median with the least and the largest.
    """
    by_aim = {line.aim: tuple(other for other in lines if other.aim == line.aim) for line in lines}
    trainings = max(map(len, by_aim.values()))
    columns: list[Column[Trainings]] = [
        Column("aim", "aim", lambda of_aim: of_aim[0].aim, kind=Kind.NAME),
        *_over_trainings("fit", "fit", lambda line: line.fit, trainings),
        *_over_trainings("log_rho", "log rho", lambda line: line.log_rho, trainings),
        *_over_trainings("rms_log_rho", "rms", lambda line: line.rms_log_rho, trainings),
    ]
    for place, level in enumerate(lines[0].levels[:-1]):
        columns += _of_level(place, level, "coarse", trainings) + _of_level(place, level, "patch", trainings)
    several = (f"of {trainings} trainings, each on latents of its own: median [least, largest].",)
    return Document(
        f"Independence enforced on {name}",
        (Section("", (Table("", tuple(columns), tuple(by_aim.values())),)),),
        (*(several if trainings > 1 else ()), *OF_ENFORCED, *NOTES),
    )


def _of_level(place: int, level: StretchedLevel, what: str, trainings: int) -> tuple[Column[Trainings], ...]:
    field = f"{what}_distance"
    return _over_trainings(
        f"{field}:{level.size}", f"{what} {level.size}", lambda line: getattr(line.levels[place], field), trainings
    )


def _over_trainings(
    name: str, head: str, of: Callable[[Enforced], float], trainings: int
) -> tuple[Column[Trainings], ...]:
    """A value of one training; of several the median with its range in one cell, and as fields of their own."""

    def median(of_aim: Trainings) -> float:
        return float(np.median([of(line) for line in of_aim]))

    def bounds(of_aim: Trainings) -> tuple[float, float] | None:
        return range_of_several([of(line) for line in of_aim])

    def cell(of_aim: Trainings) -> str:
        found = bounds(of_aim)
        return f"{median(of_aim):.3f}" + (f" [{found[0]:.3f}, {found[1]:.3f}]" if found else "")

    if trainings == 1:
        return (Column(name, head, median, _fixed(3)),)
    return shown(head, cell), kept(name, median), kept_interval(name, bounds)

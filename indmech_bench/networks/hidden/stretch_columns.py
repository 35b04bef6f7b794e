"""What the tables of stretched levels and of enforced independence say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from indmech_bench.networks.hidden.enforcing import Enforced
from indmech_bench.networks.hidden.stretching import StretchedLevel
from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column, Kind, Table

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
    """A line an aim; of every level the coarse distance and the patch distance."""
    columns: list[Column[Enforced]] = [
        Column("aim", "aim", lambda line: line.aim, kind=Kind.NAME),
        Column("fit", "fit", lambda line: line.fit, _fixed(3)),
        Column("log_rho", "log rho", lambda line: line.log_rho, _fixed(3)),
        Column("rms_log_rho", "rms", lambda line: line.rms_log_rho, _fixed(3)),
    ]
    for place, level in enumerate(lines[0].levels[:-1]):
        columns += [_of_level(place, level, "coarse"), _of_level(place, level, "patch")]
    return Document(f"Independence enforced on {name}", (Section("", (Table("", tuple(columns), tuple(lines)),)),), (
        *OF_ENFORCED, *NOTES,
    ))  # fmt: skip


def _of_level(place: int, level: StretchedLevel, what: str) -> Column[Enforced]:
    field = f"{what}_distance"
    return Column(
        f"{field}:{level.size}", f"{what} {level.size}", lambda line: getattr(line.levels[place], field), _fixed(3)
    )

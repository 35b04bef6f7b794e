"""What the table of an audit says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from indmech_bench.networks.auditing import Audit
from indmech_bench.text.document import Document, Section
from indmech_bench.text.numbers import pvalue
from indmech_bench.text.tables import Column, Kind, Table, kept, shown

Record = dict[str, Any]
NOTES = (
    "log rho: mean (sd) over hidden channels, of weights alone. re-paired: that mean (sd) when the second layer's "
    "channels are paired anew, and p of the pairing; both layers keep their shapes: it asks about the pairing alone.",
    "coherent: rho with all channels modulated alike, and re-paired. untrained: log rho at re-initialisation, about 0 "
    "in any network: a value near 0 is no achievement of training.",
)
NOTES_OF_MAPS = (
    "coherence: power of the sum over channels over the sum of powers, 1 where channels add up like strangers. maps: "
    "log rho of the maps themselves, in place of white noise; centred: less each channel's mean.",
)


def _shown(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else f"{value:.{digits}f}".replace(f"-{0:.{digits}f}", f"{0:.{digits}f}")


def _beside(head: str, first: str, second: str, digits: tuple[int, int], importance: int | None) -> Column[Record]:
    """Two numbers in a cell, the second in brackets."""

    def cell(record: Record) -> str:
        if record.get(first) is None:
            return "–"
        return f"{_shown(record[first], digits[0])} ({_shown(record[second], digits[1])})"

    return shown(head, cell, importance=importance)


VISIBLE: tuple[Column[Record], ...] = (
    Column("pair", "pair", lambda r: r["pair"], kind=Kind.NAME),
    Column("channels", "channels", lambda r: r["channels"], importance=5),
    _beside("log rho (sd)", "log_rho", "log_rho_sd", (3, 3), None),
    _beside("re-paired (sd)", "repaired", "repaired_sd", (3, 4), None),
    Column("pairing_p", "p", lambda r: r["pairing_p"], pvalue),
    _beside("coherent (re-paired)", "coherent", "coherent_repaired", (2, 2), 2),
    Column("untrained", "untrained", lambda r: r.get("untrained"), lambda value: _shown(value, 4), importance=1),
)
OF_MAPS: tuple[Column[Record], ...] = (
    Column("coherence", "coherence", lambda r: r["coherence"], lambda value: _shown(value, 2), importance=3),
    _beside("maps (centred)", "maps_log_rho", "maps_log_rho_centred", (3, 3), 4),
)


def _columns(records: Sequence[Record]) -> tuple[Column[Record], ...]:
    """What readers see, maps only where there are any, and all that is known for machines."""
    seen = any(record["coherence"] is not None for record in records)
    visible = (*VISIBLE, *(OF_MAPS if seen else ()))
    names = {column.name for column in visible}
    others = dict.fromkeys(key for record in records for key in record if key not in names)
    return (*visible, *(kept(name, lambda r, name=name: r.get(name)) for name in others))  # type: ignore[misc]


def document(name: str, audit: Audit, *, every_column: bool = False) -> Document:
    """A line a pair; layers that cannot be paired are named below."""
    records = tuple(audit.records)
    table = Table("", _columns(records), records)
    facts = {"permutations": audit.permutations, "unpaired": {each.layer: each.why for each in audit.unpaired}}
    notes = (*_notes(records), *unpaired_notes(audit))
    return Document(f"Audit of {name}", (Section("", (table,), facts),), notes, more="" if every_column else "--long")


def _notes(records: Sequence[Record]) -> tuple[str, ...]:
    return (*NOTES, *(NOTES_OF_MAPS if any(record["coherence"] is not None for record in records) else ()))


def unpaired_notes(audit: Audit) -> tuple[str, ...]:
    """A sentence for each layer that begins no pair, or that there is none."""
    none = () if audit.pairs else ("No two layers of this network can be paired.",)
    return (*none, *(f"not paired: {each.layer}: {each.why}." for each in audit.unpaired))


def trace_document(audits: Sequence[tuple[str, Audit]], *, every_column: bool = False) -> Document:
    """Along checkpoints: a table a pair, a line a checkpoint."""
    by_pair: dict[str, list[Record]] = {}
    for checkpoint, audit in audits:
        for record in audit.records:
            by_pair.setdefault(record["pair"], []).append({"checkpoint": checkpoint, **record})
    sections = tuple(Section(pair, (_traced(pair, tuple(rows)),)) for pair, rows in by_pair.items())
    notes = (*_notes(audits[-1][1].records), *unpaired_notes(audits[-1][1]))
    return Document("Along training", sections, notes, more="" if every_column else "--long")


def _traced(pair: str, rows: tuple[Record, ...]) -> Table[Record]:
    """A line a checkpoint, of one pair."""
    first: Column[Record] = Column("checkpoint", "checkpoint", lambda r: r["checkpoint"], kind=Kind.NAME)
    others = [column for column in _columns(rows) if column.name not in ("checkpoint", "pair")]
    return Table(pair, (first, *others, kept("pair", lambda r: r["pair"])), rows)

"""What the tables of `leaderboard --standings` say of a method."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from indmech_bench.analysis.ranking.standings import Rivalry
from indmech_bench.statistics.ranks import MOST, THRESHOLDS, CriticalDifference
from indmech_bench.text.document import Document, Section
from indmech_bench.text.tables import Column, Kind, Table, kept, kept_interval, shown

METHOD: Column[str] = Column("method", "method", lambda name: name, kind=Kind.NAME)


def document(folder: Path, rivalries: Sequence[Rivalry]) -> Document:
    """A section a view: the standings of all tasks, then of each family."""
    sections = tuple(Section(rivalry.view, _tables(rivalry), _facts(rivalry)) for rivalry in rivalries)
    note = (
        "Ranks, wins and critical differences are by score = 1/(1+e), a failure's is 0, within 1e-6 a tie; shares "
        "of pairs below an error are by e. Controls, tasks whose truths have a given rho, are left out."
    )
    return Document(f"Standings of {folder}", sections, (note,))


def _facts(rivalry: Rivalry) -> dict[str, float | None]:
    critical = rivalry.critical
    return {
        "pairs": rivalry.pairs,
        "friedman": critical.friedman if critical else None,
        "critical_difference": critical.difference if critical else None,
    }


def _tables(rivalry: Rivalry) -> tuple[Table[str], ...]:
    """Mean ranks with the performance profile, who scores more than whom, and critical differences."""
    names = rivalry.names
    title = f"{rivalry.view}, {rivalry.pairs} (task, seed) pairs"
    tables = [
        Table(f"{title}: mean rank by score, and share of pairs below an error", _standing(rivalry), names),
        Table(
            f"{title}: share of pairs on which the row's method scores more than the column's",
            (METHOD, *(column for other in names for column in _wins(rivalry, other))),
            names,
        ),
    ]
    if rivalry.critical is not None:
        tables.append(_critical(title + (f", the {MOST} best" if len(names) > MOST else ""), rivalry.critical))
    return tuple(tables)


def _standing(rivalry: Rivalry) -> tuple[Column[str], ...]:
    ranks = dict(zip(rivalry.names, rivalry.mean_ranks, strict=True))
    shares = dict(zip(rivalry.names, rivalry.profiles.tolist(), strict=True))
    critical = rivalry.critical

    def below(i: int, threshold: float) -> Column[str]:
        return Column(f"below:{threshold:g}", f"e <= {threshold:g}", lambda name: shares[name][i], _two_digits)

    return (
        kept("view", lambda name: rivalry.view),
        METHOD,
        Column("mean_rank", "mean rank", lambda name: ranks[name], _two_digits),
        *(below(i, threshold) for i, threshold in enumerate(THRESHOLDS)),
        kept("not_told_apart", lambda name: letters(critical, name) if critical and name in critical.names else None),
    )


def _wins(rivalry: Rivalry, other: str) -> tuple[Column[str], ...]:
    def share(name: str) -> float | None:
        return None if name == other else rivalry.wins[name, other][0]

    def interval(name: str) -> tuple[float, float] | None:
        return None if name == other else rivalry.wins[name, other][1]

    def cell(name: str) -> str:
        value, ends = share(name), interval(name)
        bounds = "" if ends is None else f" [{ends[0]:.2f}, {ends[1]:.2f}]"
        return "–" if value is None else f"{value:.2f}{bounds}"

    return shown(other, cell), kept(f"wins:{other}", share), kept_interval(f"wins:{other}", interval)


def _critical(title: str, critical: CriticalDifference) -> Table[str]:
    ranks = dict(zip(critical.names, critical.ranks, strict=True))
    found = f"Friedman p {critical.friedman:.1g}, critical difference {critical.difference:.2f} (Nemenyi, 5 %)"
    columns: tuple[Column[str], ...] = (
        shown("method", lambda name: name, Kind.NAME),
        shown("mean rank", lambda name: _two_digits(ranks[name])),
        shown("not told apart", lambda name: letters(critical, name) or "–"),
    )
    return Table(f"{title}: {found}", columns, tuple(critical.names))


def letters(critical: CriticalDifference, name: str) -> str:
    """A letter for each run of methods that Nemenyi's test cannot tell apart and that has this one."""
    return "".join(chr(ord("a") + i) for i, clique in enumerate(critical.cliques) if name in clique)


def _two_digits(value: float) -> str:
    return f"{value:.2f}"

"""What a figure is: its data, how they are drawn, and what a reader who cannot see it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from indmech_bench.report.evidence import Evidence

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Drawing


@dataclass(frozen=True)
class Figure:
    """One figure of results.

    name: what it is asked for by. title: of a section. reading: how to read it, in whole sentences. data: what it
    shows, one table; raises NothingToDrawError where results hold none of it. draw: the table drawn, called within
    `style.styled`. says: what is to be seen, for those who cannot, from the table.
    """

    name: str
    title: str
    reading: str
    data: Callable[[Evidence], pd.DataFrame]
    draw: Callable[[pd.DataFrame], Drawing]
    says: Callable[[pd.DataFrame], str]

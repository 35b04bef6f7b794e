"""The rows of a folder as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from indmech_bench.results.folder import existing_folder, read_folder
from indmech_bench.results.row_fields import row_part

if TYPE_CHECKING:
    import pandas as pd


def load(folder: str | Path) -> pd.DataFrame:
    """The newest rows of a results folder as a table, one line a replicate.

    Columns: the fields of a row, metrics as `metrics.<name>` and likewise `truth.`, `details.` and, where
    a task lists them, `errors.<intervention>`; `label` is the
    method with the settings that distinguish it, `task_label` likewise; `family` of the task, empty where it is not
    known; `control`: whether its truths have a given rho, so that it never counts in a rank. Raises InputError when the
    folder holds no results or damaged ones.
    """
    import pandas as pd

    from indmech_bench.analysis.labels import with_labels
    from indmech_bench.analysis.task_rows import with_tasks
    from indmech_bench.results.current import newest

    place = existing_folder(folder)
    rows, _ = newest(read_folder(place))
    nested = ("metrics", "truth", "details", "errors")
    flat = [
        {
            **{name: value for name, value in row.items() if name not in nested},
            **{f"{group}.{name}": value for group in nested for name, value in row_part(row, group).items()},
        }
        for row in with_tasks(with_labels(rows), [place])
    ]
    return pd.DataFrame(flat)

"""The rows of a folder as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from indmech_bench.errors import InputError
from indmech_bench.results.curves import CURVES, read_curves, without_pictures
from indmech_bench.results.folder import existing_folder, read_folder
from indmech_bench.results.row_fields import row_part
from indmech_bench.results.row_lines import CHECK

if TYPE_CHECKING:
    import pandas as pd


def load(folder: str | Path) -> pd.DataFrame:
    """The newest rows of a results folder as a table, one line a replicate.

    Columns: the fields of a row but its checksum, metrics as `metrics.<name>` and likewise `truth.`, `details.` and,
    where a task lists them, `errors.<intervention>`; `label` is the method with the settings that distinguish it,
    `task_label` likewise; `family` of the task, empty where it is not known; `control`: whether its truths have a given
    rho, so that it never counts in a rank. Raises InputError when the folder holds no results or damaged ones.
    """
    import pandas as pd

    from indmech_bench.analysis.task_rows import newest_rows

    place = existing_folder(folder)
    nested = ("metrics", "truth", "details", "errors")
    left_out = (*nested, CHECK)
    flat = [
        {
            **{name: value for name, value in row.items() if name not in left_out},
            **{f"{group}.{name}": value for group in nested for name, value in row_part(row, group).items()},
        }
        for row in newest_rows(place)
    ]
    return pd.DataFrame(flat)


def load_curves(folder: str | Path) -> pd.DataFrame:
    """What was measured along training (`run --curves`) as a table, one line a replicate and step.

    Columns: `task`, `task_label`, `label`, `seed`, `step`, `loss` (of the fit, in the scale that the method saw),
    `log_generic_ratio`, `fit_error`, `extrapolation_error`. Raises InputError when the folder holds no curves.
    """
    import pandas as pd

    from indmech_bench.analysis.labels import with_labels
    from indmech_bench.results.current import newest

    place = existing_folder(folder)
    parts = []
    for row in with_labels(newest(read_folder(place))[0]):
        arrays = read_curves(place, row)
        if arrays is not None and "step" in arrays:
            named = {name: row[name] for name in ("task", "task_label", "label", "seed")}
            parts.append(pd.DataFrame({**named, **without_pictures(arrays)}).astype({"step": int}))
    if not parts:
        raise InputError(f"'{place / CURVES}' holds no curves: run with --curves, and --fresh where rows are there.")
    return pd.concat(parts, ignore_index=True)

"""What methods make of intervened images, beside the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from indmech_bench.report.evidence import Evidence, NothingToDrawError, commas, methods_first
from indmech_bench.report.figure import Figure
from indmech_bench.report.style import WIDTH, abbreviated, hover
from indmech_bench.results.parameter_files import Arrays

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Drawing

TRUTH = "oracle"
MOST = 18
"""Methods and references beside the truth."""


def _data(evidence: Evidence) -> pd.DataFrame:
    """One line a row of pixels (`x0`, `x1`, …) of the first picture of each method and intervention, at one seed."""
    import pandas as pd

    kept: dict[str, dict[int, dict[str, Arrays]]] = {}
    for row in evidence.rows:
        arrays = evidence.arrays(row) or {}
        grids = {name: value for name, value in arrays.items() if value.ndim == 3}
        if grids:
            kept.setdefault(row["task_label"], {}).setdefault(row["seed"], {})[row["label"]] = grids
    parts = []
    for task in evidence.tasks:
        if task not in kept:
            continue
        seed = min(kept[task])
        for name in methods_first(kept[task][seed], evidence):
            for shift, images in kept[task][seed][name].items():
                pixels = pd.DataFrame(images[0], columns=[f"x{i}" for i in range(images.shape[2])])
                pixels.insert(0, "y", range(len(pixels)))
                for place, value in enumerate((task, seed, name, shift)):
                    pixels.insert(place, ("task", "seed", "method", "intervention")[place], value)
                parts.append(pixels)
    if not parts:
        raise NothingToDrawError(
            f"'{evidence.places[0]}' keeps no pictures: its tasks show no images, as those of the suite images do."
        )
    return pd.concat(parts, ignore_index=True)


def _draw(data: pd.DataFrame) -> Drawing:
    from matplotlib import pyplot

    grids = [(task, of_task) for task, of_task in data.groupby("task", sort=False)]
    lines = [(task, name) for task, of_task in grids for name in _names(of_task)]
    shifts = {task: list(dict.fromkeys(of_task["intervention"])) for task, of_task in grids}
    columns = max(map(len, shifts.values()))
    side = (WIDTH - 2.3) / columns
    figure, panels = pyplot.subplots(
        len(lines), columns, figsize=(WIDTH, 0.5 + side * len(lines)), squeeze=False,
        gridspec_kw={"wspace": 0.04, "hspace": 0.06},
    )  # fmt: skip
    figure.set_layout_engine("none")
    figure.subplots_adjust(left=2.3 / WIDTH, right=1, bottom=0, top=1 - 0.45 / (0.5 + side * len(lines)))
    pictures = {
        (str(task), str(name), str(shift)): one[[column for column in one if column.startswith("x")]].dropna(axis=1)
        for (task, name, shift), one in data.groupby(["task", "method", "intervention"], sort=False)
    }
    bounds = {task: _bounds([value for key, value in pictures.items() if key[:2] == (task, TRUTH)]) for task in shifts}
    for row, (task, name) in enumerate(lines):
        called = abbreviated([other for of, other in lines if of == task])
        for column in range(columns):
            axes = panels[row, column]
            axes.set(xticks=[], yticks=[])
            for spine in axes.spines.values():
                spine.set_visible(False)
            shift = shifts[task][column] if column < len(shifts[task]) else ""
            if (task, name, shift) not in pictures:
                continue
            axes.imshow(pictures[task, name, shift].to_numpy(dtype=float), cmap="gray", interpolation="nearest",
                        vmin=bounds[task][0], vmax=bounds[task][1])  # fmt: skip
            if name == _names(data[data["task"] == task])[0]:
                axes.set_title(shift.replace(" ", "\n", 1), fontsize=7.5, loc="center", fontweight="normal")
        text = "the truth" if name == TRUTH else called[name]
        label = panels[row, 0].set_ylabel(text, rotation=0, ha="right", va="center", fontsize=8)
        hover(label, name if name != TRUTH else text)
    return figure


def _names(of_task: pd.DataFrame) -> list[str]:
    """The truth first."""
    names = list(dict.fromkeys(of_task["method"]))
    return [*(name for name in names if name == TRUTH), *[name for name in names if name != TRUTH][:MOST]]


def _bounds(pictures: list[pd.DataFrame]) -> tuple[float | None, float | None]:
    """One scale of grey for a task: that of its truth."""
    if not pictures:
        return None, None
    values = np.concatenate([picture.to_numpy(dtype=float).ravel() for picture in pictures])
    return float(values.min()), float(values.max())


def _says(data: pd.DataFrame) -> str:
    said = []
    for task, of_task in data.groupby("task", sort=False):
        shifts = commas(list(dict.fromkeys(of_task["intervention"])))
        said.append(
            f"{task}, seed {of_task['seed'].iloc[0]}: pictures of {len(_names(of_task))} methods and references, {shifts}"
        )
    return "; ".join(said) + ". How far they are from the truth's is under Error by shift."


PICTURES = Figure(
    "pictures",
    "Images under intervention",
    f"The first picture of the first seed that keeps some: the truth on top, then methods in the leaderboard's order and "
    f"references, at most {MOST} of them; columns are interventions. Grey is scaled to the truth's pictures of a task.",
    _data,
    _draw,
    _says,
)

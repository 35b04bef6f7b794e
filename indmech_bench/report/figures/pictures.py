"""What methods make of intervened images, beside the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
MOST_TASKS = 2
DIGITS = 4
"""Decimals of a pixel: a picture needs no more."""
CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}
LEFT, ABOVE = 2.0, 1.05
"""Inches for names, and for what stands above the pictures."""


def _data(evidence: Evidence) -> pd.DataFrame:
    """The first picture of each method and intervention, at one seed: a line a channel and row of pixels (`x0`, …)."""
    import pandas as pd

    kept: dict[str, dict[int, dict[str, Arrays]]] = {}
    for row in evidence.rows:
        arrays = evidence.arrays(row) or {}
        grids = {name: value for name, value in arrays.items() if value.ndim in (3, 4)}
        if grids:
            kept.setdefault(row["task_label"], {}).setdefault(row["seed"], {})[row["label"]] = grids
    parts = []
    controls = {row["task_label"] for row in evidence.rows if row["control"]}
    for task in sorted((task for task in evidence.tasks if task in kept), key=controls.__contains__):
        seed = min(kept[task])
        for name in methods_first(kept[task][seed], evidence):
            for shift, images in kept[task][seed][name].items():
                first = images[0] if images.ndim == 4 else images[:1]
                for channel, values in zip(CHANNELS[len(first)], first, strict=True):
                    pixels = pd.DataFrame(values.round(DIGITS), columns=[f"x{i}" for i in range(values.shape[1])])
                    pixels.insert(0, "y", range(len(pixels)))
                    about: dict[str, Any] = {"task": task, "seed": seed, "method": name, "intervention": shift}
                    about["channel"] = channel
                    parts.append(pixels.assign(**about)[[*about, *pixels.columns]])
    if not parts:
        raise NothingToDrawError(
            f"'{evidence.places[0]}' keeps no pictures: its tasks show no images, as those of the suite images do."
        )
    return pd.concat(parts, ignore_index=True)


def _draw(data: pd.DataFrame) -> Drawing:
    from matplotlib import pyplot
    from matplotlib.layout_engine import PlaceHolderLayoutEngine

    groups = {str(task): of_task for task, of_task in data.groupby("task", sort=False)}
    tasks = list(groups)[:MOST_TASKS]
    names = _names(data[data["task"].isin(tasks)])
    shifts = [(task, shift) for task in tasks for shift in dict.fromkeys(groups[task]["intervention"])]
    called = abbreviated(names)
    gap = 0.35
    side = min(0.8, (WIDTH - LEFT - gap * (len(tasks) - 1)) / len(shifts))
    height = ABOVE + side * len(names)
    width = LEFT + side * len(shifts) + gap * (len(tasks) - 1)
    # one that does nothing: without any, a drawing that is saved twice is laid out by the style's the second time
    figure = pyplot.figure(figsize=(width, height), layout=PlaceHolderLayoutEngine(True, False))
    pictures = {
        (str(task), str(name), str(shift)): _picture(one)
        for (task, name, shift), one in data.groupby(["task", "method", "intervention"], sort=False)
    }
    bounds = {task: _bounds([value for key, value in pictures.items() if key[:2] == (task, TRUTH)]) for task in tasks}
    for column, (task, shift) in enumerate(shifts):
        left = (LEFT + side * column + gap * tasks.index(task)) / width
        opens = not column or shifts[column - 1][0] != task
        if opens:
            hover(figure.text(left, 1 - 0.12 / height, task, fontsize=9, fontweight="bold"), task)
        figure.text(left + 0.3 * side / width, 1 - (ABOVE - 0.06) / height, shift, fontsize=7.5, rotation=38,
                    rotation_mode="anchor")  # fmt: skip
        for row, name in enumerate(names):
            bottom = 1 - (ABOVE + side * (row + 1)) / height
            if not column:
                text = "the truth" if name == TRUTH else called[name]
                shown = figure.text((LEFT - 0.1) / width, bottom + side / 2 / height, text, ha="right", va="center",
                                    fontsize=8)  # fmt: skip
                hover(shown, name if name != TRUTH else text)
            if (task, name, shift) not in pictures:
                continue
            axes = figure.add_axes((left, bottom, (side - 0.03) / width, (side - 0.03) / height))
            axes.set_axis_off()
            low, high = bounds[task]
            scaled = ((pictures[task, name, shift] - low) / max(high - low, 1e-12)).clip(0, 1)
            axes.imshow(scaled.squeeze(-1) if scaled.shape[-1] == 1 else scaled, cmap="gray", interpolation="nearest",
                        vmin=0, vmax=1)  # fmt: skip
    return figure


def _names(data: pd.DataFrame) -> list[str]:
    """The truth first."""
    names = list(dict.fromkeys(data["method"]))
    return [*(name for name in names if name == TRUTH), *[name for name in names if name != TRUTH][:MOST]]


def _picture(one: pd.DataFrame) -> np.ndarray:
    """One picture (height, width, channels) of its lines."""
    channels = [of_channel for _, of_channel in one.groupby("channel", sort=False)]
    pixels = [channel.filter(regex=r"^x\d+$").dropna(axis=1).to_numpy(dtype=float) for channel in channels]
    return np.stack(pixels, -1)


def _bounds(pictures: list[np.ndarray]) -> tuple[float, float]:
    """One scale for a task: that of its truth."""
    values = np.concatenate([picture.ravel() for picture in pictures]) if pictures else np.array([0.0, 1.0])
    return float(values.min()), float(values.max())


def _says(data: pd.DataFrame) -> str:
    said = []
    for task, of_task in list(data.groupby("task", sort=False))[:MOST_TASKS]:
        shifts = commas(list(dict.fromkeys(of_task["intervention"])))
        seed, number = of_task["seed"].iloc[0], len(_names(of_task))
        said.append(f"{task}, seed {seed}: pictures of {number} methods and references, {shifts}")
    return "; ".join(said) + ". How far they are from the truth's is under Error by shift."


PICTURES = Figure(
    "pictures",
    "Images under intervention",
    "The first picture of the first seed that keeps some: the truth on top, then methods in the leaderboard's "
    f"order and references, at most {MOST} of them; columns are interventions. At most {MOST_TASKS} tasks are "
    "drawn; the data have all. Grey and colours are scaled to the truth's pictures of a task.",
    _data,
    _draw,
    _says,
)

"""All levels of a network stretched one after the other: what is seen, and what is measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from indmech_bench.errors import InputError
from indmech_bench.networks.hidden.hidden_maps import OUTPUT, How, levels_of, stretch, stretched
from indmech_bench.networks.maps_seen import evaluated
from indmech_bench.scm.generators.canvas import amid_canvas
from indmech_bench.scm.generators.measures import BLOCK, coarse_distance, halves, patch_distance, sharpness

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = (".png", ".svg", ".pdf")


@dataclass(frozen=True)
class StretchedLevel:
    """What a stretch at one level makes, beside the pixel stretch.

    level: the layer whose input was stretched, `output` for the pixels. size: of its maps, height x width.
    coarse_distance, patch_distance, sharpness: as the functions of these names. floor: the patch distance between two
    halves of the unstretched pictures.
    """

    level: str
    size: str
    coarse_distance: float
    patch_distance: float
    floor: float
    sharpness: float


def stretched_pictures(
    module: nn.Module, inputs: tuple[Any, ...], factor: float, how: How = "interpolate"
) -> dict[str, Tensor]:
    """Pictures (N, C, h, w factor) of each level stretched, `output` last, by the names of the levels.

    Raises InputError.
    """
    levels = levels_of(module, inputs)
    if not levels:
        raise InputError("the network has no hidden maps of two columns or more to stretch.")
    return {level: stretch(module, level, factor, how)(*inputs) for level in (*levels, OUTPUT)}


def _pictures(module: nn.Module, inputs: tuple[Any, ...], factor: float) -> Tensor:
    """What the network makes, (N, C, h, w). Raises InputError where that is nothing to stretch and to measure."""
    try:
        with evaluated(module):
            made = module(*inputs)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        raise InputError(
            f"the network cannot be run on this input: {str(error).splitlines()[0].rstrip('.')}."
        ) from None
    shape = tuple(made.shape) if isinstance(made, Tensor) else type(made).__name__
    least = f"{BLOCK} x {BLOCK}"
    if not isinstance(made, Tensor) or made.dim() != 4 or made.shape[1] not in (1, 3):
        raise InputError(f"the network makes {shape}: stretches need pictures (N, 1 or 3, height, width).")
    if len(made) < 2 or min(made.shape[-2], made.shape[-1], round(made.shape[-1] * factor)) < BLOCK:
        raise InputError(
            f"the network makes {shape}: stretches need two pictures or more, {least} pixels or more, stretched too."
        )
    return made


def measured_levels(
    module: nn.Module, inputs: tuple[Any, ...], factor: float, how: How = "interpolate"
) -> list[StretchedLevel]:
    """A line a level, the pixels' own last. Raises InputError."""
    originals = _pictures(module, inputs, factor)
    sizes, made = levels_of(module, inputs), stretched_pictures(module, inputs, factor, how)
    resized = stretched(originals, factor, "interpolate")
    still = amid_canvas(originals, resized.shape[-1])
    floor = patch_distance(*halves(originals))
    return [
        StretchedLevel(
            level,
            "x".join(map(str, sizes.get(level, originals.shape[-2:]))),
            coarse_distance(amid_canvas(images, resized.shape[-1]), resized, still),
            patch_distance(images, originals),
            floor,
            sharpness(images, originals),
        )
        for level, images in made.items()
    ]


def grid(
    module: nn.Module,
    input: Tensor | tuple[Any, ...],
    *,
    factor: float = 1.5,
    how: How = "interpolate",
    columns: int = 8,
) -> Figure:
    """Pictures of every level stretched, a row a level, unstretched above and the pixel stretch below.

    Raises InputError.

    Args:
        module: a generator of pictures (N, 1 or 3, h, w), those of a Tanh (-1 to 1) or from 0 to 1.
        input: what to run it on.
        factor, how: as `stretch` takes them.
        columns: how many samples are shown.
    """
    inputs = (input,) if isinstance(input, Tensor) else input
    originals = _pictures(module, inputs, factor)
    sizes, made = levels_of(module, inputs), stretched_pictures(module, inputs, factor, how)
    width = made[OUTPUT].shape[-1]
    rows = {"unstretched": _amid(originals, width)}
    rows |= {f"{'x'.join(map(str, sizes[level]))}": _amid(made[level], width) for level in sizes}
    rows["pixels"] = made[OUTPUT]
    return _drawn({name: _shown(images[:columns], float(originals.min()) < 0) for name, images in rows.items()})


def save_grid(path: Path, module: nn.Module, inputs: tuple[Any, ...], *, factor: float, how: How, columns: int) -> None:
    """Write the figure of `grid` to a file, in the form that its name ends with. Raises InputError."""
    if path.suffix not in FIGURES:
        raise InputError(f"--out '{path}' must end with {', '.join(FIGURES[:-1])} or {FIGURES[-1]}.")
    figure = grid(module, inputs, factor=factor, how=how, columns=columns)
    try:
        figure.savefig(path)
    except OSError as error:
        raise InputError(f"'{path}' cannot be written: {error.strerror or error}.") from None


def _amid(images: Tensor, width: int) -> Tensor:
    """On a white canvas of this width; what is wider is cut."""
    missing = width - images.shape[-1]
    if missing <= 0:
        return amid_canvas(images, width)
    left = missing // 2
    return torch.nn.functional.pad(images, (left, missing - left, 0, 0), value=1.0)


def _shown(images: Tensor, signed: bool) -> Tensor:
    """(N, h, w, 3) from 0 to 1."""
    scaled = (images + 1) / 2 if signed else images
    return scaled.clamp(0, 1).expand(-1, 3, -1, -1).permute(0, 2, 3, 1).cpu()


def _drawn(rows: dict[str, Tensor]) -> Figure:
    """A picture of pictures, each row named on its left."""
    from matplotlib.figure import Figure

    count, height, width, _ = next(iter(rows.values())).shape
    gap = 2
    figure = Figure(figsize=(0.9 + count * 0.9 * width / height, 0.9 * len(rows)), dpi=100, layout="constrained")
    for axes, (name, images) in zip(figure.subplots(len(rows), 1, squeeze=False)[:, 0], rows.items(), strict=True):
        strip = torch.ones(height, count * (width + gap) - gap, 3)
        for index, image in enumerate(images):
            strip[:, index * (width + gap) : index * (width + gap) + width] = image
        axes.imshow(strip.numpy(), interpolation="nearest", aspect="auto")
        axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    return figure

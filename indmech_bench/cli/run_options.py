"""The options of a run as those of a verb, read off `RunOptions`."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Annotated, Any

import typer

from indmech_bench.cli.completion import OF_OPTIONS
from indmech_bench.harness.options import RunOptions, Said, option_parameters, said_of_options

READ_AS: dict[Any, Any] = {
    Sequence[str]: list[str],
    Sequence[str | Path]: list[Path],
    str | Path | None: str | None,
    int | Executor | None: int | None,
}
"""What a command line gives where Python allows more."""


def with_run_options(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options of a run before its own; it gets them as `options`, a RunOptions."""
    said = {name: about for name, about in said_of_options().items() if about.flag}
    options = [_option(parameter, said[parameter.name]) for parameter in option_parameters() if parameter.name in said]
    written = inspect.signature(verb, eval_str=True)
    parameters = [*options, *(parameter for name, parameter in written.parameters.items() if name != "options")]

    @functools.wraps(verb)
    def called(**given: Any) -> None:
        named = {name: given.pop(name) for name in said}
        verb(options=RunOptions(**named, command=("indmech-bench", *sys.argv[1:])), **given)

    called.__dict__["__signature__"] = written.replace(parameters=parameters)
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return called


def _option(parameter: inspect.Parameter, said: Said) -> inspect.Parameter:
    """An option of a run as a parameter that typer understands."""
    names = OF_OPTIONS.get(parameter.name)
    if said.flag.startswith("--"):
        written = typer.Option(said.flag, help=said.help, autocompletion=names)
    else:
        written = typer.Argument(help=said.help, autocompletion=names)
    read_as = READ_AS.get(parameter.annotation, parameter.annotation)
    default = list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return parameter.replace(kind=kind, default=default, annotation=Annotated[read_as, written])

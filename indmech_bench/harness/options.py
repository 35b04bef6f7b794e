"""The options of a run: each named, defaulted and documented here, for Python and for the command line."""

from __future__ import annotations

import functools
import inspect
import textwrap
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

from indmech_bench.errors import unknown

WIDTH = 110
"""Columns of a docstring's argument."""
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Said:
    """What is said of an option.

    help: what it is. flag: how it is written on the command line, a word without dashes for an argument, nothing where
    it is not. python: what holds beside `help` in Python.
    """

    help: str
    flag: str = ""
    python: str = ""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What a run is asked for: what it covers, where it goes and how it is done.

    Without suite and tasks the suite is `core`, or with `settings` the tasks are those that these files were tuned on.
    With a suite, `tasks`, `methods` and `settings` replace its lists; other methods leave its settings files out, and
    other tasks leave out those tuned elsewhere. Without methods and suite the methods are those of `settings`, or every
    registered one, of plugins too. The budget and precision of the run decide, not those of a settings file; where they
    differ a warning says so.
    """

    suite: Annotated[str | None, Said("a suite's name or a .toml file; core without tasks", "suite")] = None
    tasks: Annotated[Sequence[str], Said("name:setting=value,...; repeatable.", "--task")] = ()
    methods: Annotated[Sequence[str], Said("name:setting=value,...; repeatable.", "--method")] = ()
    settings: Annotated[Sequence[str | Path], Said("A file that tune wrote; repeatable.", "--settings")] = ()
    seeds: Annotated[str | None, Said("32 for 0 to 31, 100-131, 7-7 for seed 7.", "--seeds")] = None
    out: Annotated[str | Path | None, Said("Results folder; results/<suite> by default.", "--out")] = None
    jobs: Annotated[
        int | Executor | None,
        Said(
            "Worker processes, one a core by default; 0: in this one.",
            "--jobs",
            python="Or an Executor whose workers are to run the jobs (a cluster's).",
        ),
    ] = None
    dask: Annotated[str, Said("Scheduler of a Dask cluster that runs the cells.", "--dask")] = ""
    shard: Annotated[str, Said("I/N: the I-th of N parts of the cells, from 0 on.", "--shard")] = ""
    timeout: Annotated[float | None, Said("Seconds an attempt may take; 300 by default.", "--timeout")] = None
    budget: Annotated[float | None, Said("Cost units a replicate may spend.", "--budget")] = None
    precision: Annotated[str | None, Said("float64 or float32.", "--precision")] = None
    training: Annotated[
        str | None, Said("fused, the default where numba is installed, or plain (autograd).", "--training")
    ] = None
    device: Annotated[
        str | None, Said("cpu, the default, cuda, or mps (untested): where methods compute.", "--device")
    ] = None
    plugins: Annotated[
        Sequence[str | Path], Said("A file that registers methods or tasks; repeatable.", "--plugin")
    ] = ()
    salt: Annotated[str, Said("A secret mixed into every truth.", "--salt")] = ""
    matched_fit: Annotated[
        bool, Said("Run methods that can with their end polished as well: [matched-fit].", "--matched-fit")
    ] = False
    retry_failed: Annotated[bool, Said("Run failed rows again.", "--retry-failed")] = False
    fresh: Annotated[bool, Said("Move an existing folder aside and start anew.", "--fresh")] = False
    save_solutions: Annotated[bool, Said("Keep each row's parameters in OUT/solutions.", "--save-solutions")] = False
    curves: Annotated[bool, Said("Keep loss, log rho and errors along training in OUT/curves.", "--curves")] = False
    smoke: Annotated[
        bool, Said("One seed, 20 steps of each method: whether a suite runs, not what it finds.", "--smoke")
    ] = False
    quiet: Annotated[bool, Said("Say nothing while it runs.", "--quiet")] = False
    verbose: Annotated[bool, Said("Say each job and why rows fail.", "--verbose")] = False
    config: Annotated[str | Path | None, Said("A .toml of options that are not given here.", "--config")] = None
    with_references: Annotated[bool, Said("Run the references, too.")] = True
    command: Annotated[Sequence[str], Said("What the manifest says that the run was started by.")] = ()

    @classmethod
    def of(cls, **given: Any) -> RunOptions:
        """The options given by name. Raises InputError for a name that is none."""
        for name in given:
            if name not in said_of_options():
                raise unknown("option of a run", name, said_of_options())
        return cls(**given)


@functools.cache
def said_of_options() -> dict[str, Said]:
    """What is said of each option, by its name."""
    return {name: hint.__metadata__[0] for name, hint in get_type_hints(RunOptions, include_extras=True).items()}


def takes_run_options(without: Collection[str] = ()) -> Callable[[Function], Function]:
    """Show the fields of RunOptions, but those in `without`, in the place of a function's `**options`.

    They are part of its signature, and its docstring gets an `Args:` section of them.
    """

    def decorate(function: Function) -> Function:
        written = inspect.signature(function)
        named = [p for p in written.parameters.values() if p.kind is not p.VAR_KEYWORD]
        said = {name: about for name, about in said_of_options().items() if name not in without}
        shown = [parameter for parameter in option_parameters() if parameter.name in said.keys() - written.parameters]
        function.__dict__["__signature__"] = written.replace(parameters=[*named, *shown])
        arguments = "\n".join(_argument(name, about) for name, about in said.items())
        function.__doc__ = f"{inspect.getdoc(function)}\n\nArgs:\n{arguments}\n"
        return function

    return decorate


def option_parameters() -> list[inspect.Parameter]:
    """The options as parameters of a function, with plain types."""
    hints = get_type_hints(RunOptions)
    parameters = inspect.signature(RunOptions).parameters.values()
    return [parameter.replace(annotation=hints[parameter.name]) for parameter in parameters]


def _argument(name: str, said: Said) -> str:
    """A line of an `Args:` section, or several."""
    text = f"{name}: {said.help.removesuffix('; repeatable.')} {said.python}".strip()
    return textwrap.fill(text, WIDTH, initial_indent="    ", subsequent_indent="        ")

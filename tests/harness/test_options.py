"""The options of a run: one list of them, for Python and for the command line."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import get_type_hints

import pytest
from conftest import Cli

import indmech_bench
from indmech_bench.errors import InputError
from indmech_bench.harness.against import OF_THE_FOLDER
from indmech_bench.harness.options import RunOptions, said_of_options

NAMES = [option.name for option in fields(RunOptions)]


def test_an_option_that_there_is_none_of_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="unknown option of a run 'task': did you mean 'tasks'"):
        indmech_bench.run(task=["fir-natural"])
    with pytest.raises(InputError, match="unknown option of a run 'plugin': did you mean 'plugins'"):
        indmech_bench.run_against("folder", plugin=["x.py"])


def test_signature_and_docstring_of_run_show_every_option() -> None:
    shown = inspect.signature(indmech_bench.run).parameters
    assert list(shown) == NAMES
    assert {name: shown[name].default for name in NAMES} == {o.name: o.default for o in fields(RunOptions)}
    assert shown["budget"].annotation == get_type_hints(RunOptions)["budget"]
    for name, said in said_of_options().items():
        assert f"    {name}: {said.help.partition(';')[0][:60]}" in inspect.getdoc(indmech_bench.run)


def test_running_against_a_folder_shows_the_options_that_it_leaves_open() -> None:
    shown = inspect.signature(indmech_bench.run_against).parameters
    assert list(shown) == ["folder", *(n for n in NAMES if n not in (*OF_THE_FOLDER, "with_references"))]


def test_help_shows_each_option_that_the_command_line_has(cli: Cli) -> None:
    shown = cli("run", "--help").stdout
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    for said in said_of_options().values():
        if said.flag:
            (line,) = (line for line in lines if line.split()[:1] == [said.flag])
            assert " ".join(said.help.split()[:3]) in line
    assert "with-references" not in shown

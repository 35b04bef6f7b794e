"""Conformance of foreign methods and tasks: `check-method` and `check-task`, and the same for a test of yours.

@pytest.mark.parametrize("check", METHOD_CHECKS)
def test_conformance(check):
    assert_passed(check_method("my_method.py", checks=[check]))
"""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from indmech_bench.conformance.findings import CheckFailedError, CheckSkippedError, Finding, find
from indmech_bench.conformance.methods import CHECKS as ON_A_TASK
from indmech_bench.conformance.methods import REPEATS
from indmech_bench.conformance.setups import Setup
from indmech_bench.conformance.sources import CHECKS as OF_THE_SOURCE
from indmech_bench.conformance.tasks import CHECKS as OF_A_TASK
from indmech_bench.conformance.trials import Bench
from indmech_bench.errors import InputError, unknown
from indmech_bench.registry.catalogue import Catalogue, plugin_module, read_plugin
from indmech_bench.registry.entries import Entry, read_module
from indmech_bench.registry.notation import Named, complete
from indmech_bench.registry.registration import build, resolve
from indmech_bench.results.statuses import Status
from indmech_bench.text.lines import short

METHOD_CHECKS = (*OF_THE_SOURCE, *ON_A_TASK)
"""Names of the checks of a method."""
TASK_CHECKS = tuple(OF_A_TASK)
"""Names of the checks of a task."""
TASKS = ("fir-natural", "fir-spectrum", "fir-samples", "linear-gaussian-natural")
"""One task of each kind of observation: impulse, spectrum, samples, covariance."""
STEPS = 50
"""A setting named `steps` is lowered to this, so that checks stay quick."""

__all__ = ["METHOD_CHECKS", "TASKS", "TASK_CHECKS", "Finding", "assert_passed", "check_method", "check_task"]


def assert_passed(findings: Sequence[Finding]) -> None:
    """Raise AssertionError with every check that failed."""
    failed = [str(finding) for finding in findings if not finding.passed]
    assert not failed, "\n" + "\n".join(failed)


def check_method(
    text: str | Path,
    *,
    tasks: Sequence[str] = (),
    checks: Sequence[str] = (),
    plugins: Sequence[str | Path] = (),
    watch: Callable[[Finding], None] | None = None,
) -> list[Finding]:
    """Check a method by its name (`name:setting=value,...`), or every method of a file `FILE.py`.

    A setting `steps` above 50 that is not given is 50. Raises InputError for names that are not known.

    Args:
        text: the method or file.
        tasks: where it is tried, one of each kind of observation by default.
        checks: some of METHOD_CHECKS, all by default.
        plugins: files that register what `tasks` name.
        watch: is shown each finding as soon as there is one.
    """
    wanted = _known(checks, METHOD_CHECKS)
    catalogue, named, broken = _read("method", str(text), plugins)
    unread = [Finding(str(text), "settings", False, entry.broken, _LITERAL) for entry in broken]
    places = [resolve(catalogue, "task", task) for task in tasks or TASKS]
    of_methods = (finding for method in named for finding in _of_method(method, places, wanted))
    return _shown(itertools.chain(unread, of_methods), watch)


def check_task(
    text: str | Path,
    *,
    checks: Sequence[str] = (),
    plugins: Sequence[str | Path] = (),
    watch: Callable[[Finding], None] | None = None,
) -> list[Finding]:
    """Check a task by its name (`name:setting=value,...`), or every task of a file `FILE.py`.

    A task that cannot be drawn on this machine (it raises UnsupportedError) is skipped: the last finding says so, and
    what is missing.

    checks: some of TASK_CHECKS, all by default. watch: is shown each finding as soon as there is one. Raises InputError
    for names that are not known.
    """
    wanted = _known(checks, TASK_CHECKS)
    _, named, broken = _read("task", str(text), plugins)
    unread = [Finding(str(text), "facts", False, entry.broken, _LITERAL) for entry in broken]
    of_tasks = (finding for task in named for finding in _of_task(task, wanted))
    return _shown(itertools.chain(unread, of_tasks), watch)


def _of_task(task: Named, wanted: Sequence[str]) -> Iterator[Finding]:
    setup, title = Setup(task), task.label
    trouble = _built(task)
    if trouble:
        yield Finding(title, "members", False, trouble, _BUILDS)
        return
    for name in wanted:
        finding = find(title, name, partial(_guarded, OF_A_TASK[name], setup))
        yield finding
        if finding.skipped or (name in ("members", "shapes") and not finding.passed):
            return  # nothing else can be seen


def _shown(findings: Iterable[Finding], watch: Callable[[Finding], None] | None) -> list[Finding]:
    """All findings, each shown as it comes."""
    found = []
    for finding in findings:
        found.append(finding)
        if watch is not None:
            watch(finding)
    return found


def _guarded(check: Callable[[Setup], str | None], setup: Setup) -> str | None:
    """A check whose task raises has failed."""
    try:
        return check(setup)
    except (CheckFailedError, CheckSkippedError):
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        raise CheckFailedError(short(f"{type(error).__name__}: {error} ({where})", 300), "mend what raises") from None


def _built(named: Named) -> str:
    """What building the object raises, empty when it can be built."""
    try:
        build(named)
    except InputError as error:
        return str(error)
    except Exception as error:
        return short(f"{type(error).__name__}: {error}", 300)
    return ""


_BUILDS = "the file must import, and the class take its own settings"
_LITERAL = "register at module level with literals: numbers, text, true, false or none"


def _known(checks: Sequence[str], all_checks: Sequence[str]) -> tuple[str, ...]:
    for check in checks:
        if check not in all_checks:
            raise unknown("check", check, all_checks)
    return tuple(check for check in all_checks if not checks or check in checks)


def _read(kind: str, text: str, plugins: Sequence[str | Path]) -> tuple[Catalogue, list[Named], list[Entry]]:
    """The catalogue with what `text` brings, what it names of this kind, and what of it cannot be read."""
    others = [Path(plugin) for plugin in plugins]
    if not text.endswith(".py"):
        catalogue = Catalogue.read(others)
        return catalogue, [resolve(catalogue, kind, text)], []
    path = Path(text)
    if path.is_file():
        broken = [entry for entry in read_module(path.resolve(), plugin_module(path)) if entry.kind == "broken"]
        if broken:
            return Catalogue.read(others), [], broken
    names = [entry.name for entry in read_plugin(path) if entry.kind == kind]
    if not names:
        raise InputError(f"'{text}' registers no {kind}.")
    catalogue = Catalogue.read([path, *(other for other in others if other.resolve() != path.resolve())])
    return catalogue, [complete(catalogue.find(kind, name), {}) for name in names], []


def _of_method(method: Named, tasks: Sequence[Named], wanted: Sequence[str]) -> Iterator[Finding]:
    given = method.settings
    steps = given.get("steps")
    lowered = isinstance(steps, int) and steps > STEPS and steps == method.entry.defaults.get("steps")
    tried = Named(method.entry, {**given, "steps": STEPS}) if lowered else method
    title = f"{method.label}{f' (steps={STEPS} instead of {steps})' if lowered else ''}"
    trouble = _built(tried)
    if trouble:
        yield Finding(title, "settings", False, trouble, _BUILDS)
        return
    for name in wanted:
        if name in OF_THE_SOURCE:
            yield find(title, name, partial(OF_THE_SOURCE[name], method))
    benches = [Bench(tried, task) for task in tasks]
    if any(name in ON_A_TASK for name in wanted):
        yield from _on_tasks(title, benches, wanted)


def _on_tasks(title: str, benches: list[Bench], wanted: Sequence[str]) -> Iterator[Finding]:
    """Each check on every task where the method works; the first failure of a check is told."""
    here = [bench for bench in benches if bench.trial((3,)).status != Status.SKIPPED]
    if not here:
        reason = benches[0].trial((3,)).reason
        yield Finding(title, "runs", False, f"skips every task: {reason}", "give a --task that it can work on")
        return
    failed: set[str] = set()
    for name in (name for name in wanted if name in ON_A_TASK):
        cause = next((other for other in REPEATS.get(name, ()) if other in failed), "")
        if cause:
            yield Finding(title, name, True, after=cause)
            continue
        finding = find(title, name, partial(_everywhere, ON_A_TASK[name], benches if name == "runs" else here))
        yield finding
        if not finding.passed:
            failed.add(name)
        if name in ("runs", "shapes") and not finding.passed:
            return  # nothing else can be seen


def _everywhere(check: Callable[[Bench], str | None], benches: Sequence[Bench]) -> str:
    """The check's remarks on all tasks."""
    return "; ".join(filter(None, map(check, benches)))

"""Jobs on workers that may be other machines: plugin files travel as text, and other code than the run's is refused."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from indmech_bench.harness.workers.handle import NoWorkError
from indmech_bench.harness.workers.messages import Job, Outcome
from indmech_bench.harness.workers.running import isolated
from indmech_bench.registry.catalogue import Catalogue, read_plugin
from indmech_bench.registry.code_identity import source_hash, source_paths
from indmech_bench.registry.identity import ENGINE, SCHEMA

PAUSE = 1.0
"""Seconds that a worker waits before it refuses, so that it is not given all the jobs that others could do."""


@dataclass(frozen=True)
class Plugin:
    """A plugin file as it travels. file: its name; files: it and its neighbours that it imports, name -> text."""

    file: str
    files: dict[str, str]

    @classmethod
    def read(cls, path: str | Path) -> Plugin:
        """The plugin of a path. Raises InputError."""
        place = Path(path).resolve()
        found = {name: file for entry in read_plugin(place) for name, file in source_paths(entry).items()}
        return cls(place.name, {name: file.read_text(encoding="utf-8") for name, file in found.items()})

    def write(self, folder: Path) -> str:
        """Write the files into a folder; returns where the plugin is then."""
        for name, text in self.files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        return str(folder / self.file)


@dataclass(frozen=True)
class RemoteWork:
    """What a run has its executor's workers call, with all plugins of the run."""

    plugins: tuple[Plugin, ...]

    def __call__(self, jobs: Sequence[Job], timeout: float) -> list[list[Outcome]]:
        """The outcomes of jobs. Raises NoWorkError, which names the worker, where its code is not the run's."""
        with ExitStack() as held:
            folders = [held.enter_context(tempfile.TemporaryDirectory(prefix="indmech-bench-")) for _ in self.plugins]
            pairs = zip(self.plugins, folders, strict=True)
            paths = [plugin.write(Path(folder).resolve()) for plugin, folder in pairs]
            here: list[Job] = [{**job, "plugins": paths} for job in jobs]
            try:
                for job in here:
                    _refuse_other_code(job)
            except NoWorkError:
                time.sleep(PAUSE)
                raise
            return isolated(here, timeout)


def _refuse_other_code(job: Job) -> None:
    catalogue = Catalogue.read(map(Path, job["plugins"]))
    try:
        method = catalogue.find("reference" if job["reference"] else "method", job["method"])
        version = catalogue.find("task", job["task"]).version
        source = source_hash(method)
    except ValueError as error:
        raise NoWorkError(f"worker {worker_name()}: {error}") from None
    for what, here, there in (
        ("rows of schema", SCHEMA, job["schema"]),
        ("engine", ENGINE, job["engine"]),
        (f"{job['task']} of version", version, job["task_version"]),
        (f"{job['method']} of source", source, job["source"]),
    ):
        if here != there:
            raise NoWorkError(f"worker {worker_name()} has {what} {here}, and this run has {there}.")


def worker_name() -> str:
    """The address of the Dask worker that this runs on, or machine and process."""
    name = f"{socket.gethostname()}, process {os.getpid()}"
    if "distributed.worker" in sys.modules:
        from distributed import get_worker

        try:
            return f"{get_worker().address} ({name})"
        except ValueError:  # on no worker
            pass
    return name

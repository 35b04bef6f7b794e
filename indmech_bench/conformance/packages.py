"""A new method or task as a small package that can be installed: `new-method`, `new-task`."""

from __future__ import annotations

import importlib.util
import keyword
import re
from pathlib import Path
from string import Template

from indmech_bench.errors import InputError
from indmech_bench.registry.catalogue import Catalogue

TEMPLATES = Path(__file__).parent / "templates"
PATTERN = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
LONGEST = 100
FILES = {
    "pyproject.toml.txt": "pyproject.toml",
    "README.md.txt": "README.md",
    "module.py.txt": "{module}.py",
    "test.py.txt": "test_{module}.py",
}


def new_package(kind: str, name: str, folder: str | Path | None = None) -> list[Path]:
    """Write a package that registers a `method` or a `task` of this name into a folder, `./NAME` by default.

    Returns the files written. Raises InputError for a name that is taken or cannot name a module, and for a folder
    that is not empty.
    """
    module = name.replace("-", "_")
    if not PATTERN.fullmatch(name) or len(name) > LONGEST or keyword.iskeyword(module):
        raise InputError(f"'{name}' cannot name a {kind}: lower-case letters, digits and '-', such as 'my-{kind}'.")
    for entry in Catalogue.read().entries:
        if entry.name == name and entry.kind != "broken":
            raise InputError(f"the name '{name}' is taken by the {entry.kind} of {entry.path.name}.")
    if importlib.util.find_spec(module) is not None:
        raise InputError(f"the name '{name}' is taken: there is a Python module '{module}'.")
    place = Path(folder) if folder else Path(name)
    try:
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise InputError(f"'{place}' is there already and not an empty folder: give another --dir.")
        place.mkdir(parents=True, exist_ok=True)
        words = {"name": name, "module": module, "class_name": module.title().replace("_", "")}
        written = []
        for source, target in FILES.items():
            text = Template((TEMPLATES / kind / source).read_text(encoding="utf-8")).substitute(words)
            written.append(place / target.format(module=module))
            written[-1].write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"'{place}' cannot be written: {error.strerror}.") from None
    return written

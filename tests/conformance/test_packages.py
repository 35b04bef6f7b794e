"""From `new-method` to a row in the table, as a file and as an installed package."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest
from conftest import Cli

import indmech_bench
from indmech_bench.conformance.packages import FILES, TEMPLATES
from indmech_bench.errors import InputError
from indmech_bench.testing import check_method, check_task

OBJECTIVE = "return problem.loss(parameters, batch)"
MINE = "return problem.loss(parameters, batch) + 0.1 * problem.log_generic_ratios(parameters).square().sum(-1)"


def changed(folder: Path) -> None:
    """Change one line of the generated method."""
    path = folder / "my_method.py"
    source = path.read_text()
    assert source.count(OBJECTIVE) == 1
    path.write_text(source.replace(OBJECTIVE, MINE))


def lines(table: str, name: str) -> list[str]:
    return [line for line in table.splitlines() if f" {name} " in line]


def test_a_new_method_is_changed_checked_and_in_the_table(cli: Cli, tmp_path: Path) -> None:
    made = cli("new-method", "my-method")
    assert made.returncode == 0, made.stderr
    assert made.stdout.endswith("now: indmech-bench check-method my-method/my_method.py\n")
    changed(tmp_path / "my-method")
    checked = cli("check-method", "my-method/my_method.py", "--task", "fir-natural")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    ran = cli(
        "run", "--task", "fir-natural", "--method", "my-method:steps=20", "--plugin", "my-method/my_method.py",
        "--seeds", "2", "--out", "r", "--jobs", "0",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert lines(cli("leaderboard", "r").stdout, "my-method")


def environment(folder: Path) -> Path:
    """A virtual environment that sees all that this one has; its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (there,) = (folder / "lib").glob("python*/site-packages")
    (there / "outer.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    return folder / "bin" / "python"


def test_an_installed_package_is_found_by_its_name(cli: Cli, tmp_path: Path) -> None:
    assert cli("new-method", "my-method").returncode == 0
    changed(tmp_path / "my-method")
    python = environment(tmp_path / "venv")
    install = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "-e", tmp_path / "my-method"]
    subprocess.run([python, "-m", "pip", *install], check=True, capture_output=True, cwd=tmp_path)

    def there(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [python, "-m", "indmech_bench.cli", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, env=os.environ)

    assert "my-method" in there("list", "methods").stdout
    run = ["run", "--task", "fir-natural", "--method", "my-method:steps=20", "--seeds", "2", "--out", "r", "--jobs=1"]
    ran = there(*run)
    assert ran.returncode == 0, ran.stderr
    assert lines(there("leaderboard", "r").stdout, "my-method:steps=20")
    again = there(*run, "--plugin", "my-method/my_method.py")
    assert "there already" in again.stdout, "the file of an installed package is that package"


def test_a_new_task_passes_its_checks_and_is_in_the_table(cli: Cli, tmp_path: Path) -> None:
    assert cli("new-task", "my-task", "--dir", "here").returncode == 0
    checked = cli("check-task", "here/my_task.py")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    ran = cli(
        "run", "--plugin", "here/my_task.py", "--task", "my-task:decay=0.5", "--method", "adam:steps=5", "--seeds", "2",
        "--out", "r", "--jobs", "0",
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "identified:my-task" in cli("leaderboard", "r", "--format", "csv").stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["new-method", "adam"], "the name 'adam' is taken by the method of adam.py"),
        (["new-task", "fir-natural"], "the name 'fir-natural' is taken by the task of fir.py"),
        (["new-method", "json"], "there is a Python module 'json'"),
        (["new-method", "My Method"], "'My Method' cannot name a method: lower-case letters"),
        (["new-method", "2fast"], "'2fast' cannot name a method"),
        (["new-method", "class"], "'class' cannot name a method"),
        (["new-method", "mine", "--dir", "full"], "'full' is there already and not an empty folder"),
        (["new-method", "mine", "--dir", "full/file"], "'full/file' is there already"),
        (["new-method", "mine", "--dir", "/proc/none/x"], "'/proc/none/x' cannot be written"),
    ],
)
def test_bad_input_gets_one_sentence(cli: Cli, tmp_path: Path, arguments: list[str], sentence: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    made = cli(*arguments)
    assert made.returncode == 2
    assert len(made.stderr.splitlines()) == 1
    assert sentence in made.stderr
    assert not (tmp_path / "mine").exists()


def test_a_check_says_what_is_wrong_with_what_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "one.py"
    path.write_text("@register_method('one')\nclass One:\n    pass\n")
    with pytest.raises(InputError, match=r"one.py' registers no task."):
        check_task(path)
    with pytest.raises(InputError, match="did you mean 'adam'"):
        check_method("adma")
    with pytest.raises(InputError, match=r"none.py' is not a file."):
        check_method(tmp_path / "none.py")
    with pytest.raises(InputError, match="unknown check 'batches': did you mean 'batch'"):
        check_method("adam", checks=["batches"])


def test_the_wheel_has_the_templates(tmp_path: Path) -> None:
    root = Path(indmech_bench.__file__).parents[1]
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, check=True, capture_output=True, cwd=root)
    (wheel,) = tmp_path.glob("*.whl")
    names = ZipFile(wheel).namelist()
    assert {f"indmech_bench/conformance/templates/{kind}/{name}" for kind in ("method", "task") for name in FILES} <= {
        *names
    }


@pytest.mark.parametrize("kind", ["method", "task"])
def test_templates_are_complete(kind: str) -> None:
    assert sorted(path.name for path in (TEMPLATES / kind).iterdir()) == sorted(FILES)

"""What a run says while it runs, what a dry run says before, and where options come from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from folders import write_folder

import indmech_bench
from indmech_bench.cli.app import app
from indmech_bench.errors import InputError
from indmech_bench.harness.cells import Cell, make_cells
from indmech_bench.harness.options import RunOptions
from indmech_bench.harness.planning import plan
from indmech_bench.harness.progress import dry_run, timing
from indmech_bench.harness.progress.progress import Progress
from indmech_bench.harness.progress.timing import Timing, measured
from indmech_bench.harness.suites.defaults import CONFIG, JOBS, RESULTS, default_jobs
from indmech_bench.harness.workers.messages import Job, Outcome, outcome
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.results.provenance import provenance
from indmech_bench.text.lines import clock

RUN = ("run", "--task", "fir-natural", "--method", "adam:steps=5", "--jobs", "0")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (CONFIG, JOBS, RESULTS):
        monkeypatch.delenv(name, raising=False)


def cells_of(*methods: str) -> list[Cell]:
    conditions: dict[str, Any] = {"salt": "", "budget": None, "precision": "float64", "training": "fused"}
    return list(make_cells(Catalogue.read(), ["fir-natural"], methods, with_references=False, **conditions))


def job_of(cell: Cell, seeds: list[int]) -> Job:
    return cell.job(seeds, ())


def outcomes_of(job: Job, seconds: float) -> list[Outcome]:
    return [outcome(seed, "ok", "", seconds=seconds) for seed in job["seeds"]]


def test_elsewhere_than_in_a_terminal_a_line_for_each_finished_cell(capsys: pytest.CaptureFixture[str]) -> None:
    assert app([*RUN, "--seeds", "2", "--out", "r"], standalone_mode=False) == 0
    told = capsys.readouterr()
    lines = told.err.splitlines()
    assert lines[0] == "r: 18 rows of 9 cells to run, 0 there already; 1 worker"
    finished = [re.fullmatch(r"\[(\d)/9\] fir-natural  (\S+): 2 ok; \d:\d\d elapsed, about \d:\d\d left", line)
                for line in lines[1:-1]]  # fmt: skip
    assert [match[1] for match in finished if match] == [str(i) for i in range(1, 10)]
    assert finished[-1]
    assert finished[-1][2] == "adam:steps=5"
    assert re.fullmatch(r"r, \d:\d\d; next: indmech-bench leaderboard r", lines[-1])
    assert told.out == "18 ok, 0 failed, 0 skipped\n"
    assert app([*RUN, "--seeds", "3", "--out", "r", "--quiet"], standalone_mode=False) == 0
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_verbose_says_each_job_and_why_rows_fail(capsys: pytest.CaptureFixture[str]) -> None:
    app([*RUN, "--seeds", "2", "--budget", "3", "--out", "r", "--verbose"], standalone_mode=False)
    told = capsys.readouterr().err
    assert "adam:steps=5: a step of 15 units was asked for when 3 of 3 were left" in told
    assert "next: indmech-bench status r --failures" in told


def test_time_left_weighs_cells_by_what_they_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the rows are done, and the other half take a hundred times as long."""
    quick, slow = cells_of("adam", "sgd")
    todo = [(quick, job_of(quick, [0, 1])), (slow, job_of(slow, [0])), (slow, job_of(slow, [1]))]
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    known = Timing()
    known.note("fir-natural", "sgd", 10.0)
    bundles = [(job,) for _, job in todo]
    progress = Progress(todo, bundles, workers=1, timing=known, quiet=True, verbose=False)
    assert progress.running == ["fir-natural adam"]
    now[0] += 0.2
    progress.done(bundles[0][0], outcomes_of(todo[0][1], 0.1))
    assert progress.running == ["fir-natural sgd"]
    assert progress.time_left == pytest.approx(20.0)
    now[0] += 5.0
    progress.done(bundles[1][0], outcomes_of(todo[1][1], 5.0))
    assert progress.time_left == pytest.approx(7.5)  # sgd: 15 s of two rows
    progress.done(bundles[2][0], outcomes_of(todo[2][1], 5.0))
    assert progress.time_left == 0
    assert progress.running == []


def test_what_is_not_known_is_as_what_is_nearest() -> None:
    adam, sgd = cells_of("adam", "sgd")
    found = Timing()
    assert found.of(adam) is None
    found.note("fork", "adam", 8.0, rows=4)
    assert (found.of(adam), found.of(sgd)) == (2.0, 2.0)
    found.note("fir-natural", "sgd", 3.0)
    found.note("fork", "sgd", 30.0)
    assert (found.of(adam), found.of(sgd)) == (2.0, 3.0)


def test_rows_of_this_machine_are_found_beside_and_others_are_not(tmp_path: Path) -> None:
    adam, sgd = cells_of("adam", "sgd")
    here = provenance([])
    write_folder(tmp_path / "results/here", {("fork", "adam"): [0.1] * 3}, entry=here)
    write_folder(tmp_path / "results/there", {("fir-natural", "sgd"): [0.1] * 3}, entry={**here, "processor": "none"})
    (tmp_path / "results/no").mkdir()
    (tmp_path / "results/no/manifest.json").write_text("{")
    found, read = measured(tmp_path / "results/new", [adam, sgd])
    assert read == [tmp_path / "results/here"]
    assert found.knows(adam)
    assert not found.knows(sgd)


def test_a_dry_run_shows_what_is_left_and_how_long_it_takes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app([*RUN, "--seeds", "2", "--out", "results/r", "--quiet"], standalone_mode=False)
    capsys.readouterr()
    app([*RUN, "--seeds", "2", "--out", "results/r", "--dry-run"], standalone_mode=False)
    assert capsys.readouterr().out.splitlines() == [
        "results/r: 18 rows, 18 there already; seeds 0-1, 9 cells",
        "nothing is left to run",
    ]
    probed: list[str] = []
    monkeypatch.setattr(dry_run, "probe", lambda timing, cells, plugins: probed.extend(c.method.name for c in cells))
    more = [*RUN, "--method", "sgd:steps=5", "--seeds", "2", "--out", "results/r", "--dry-run"]
    app(more, standalone_mode=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "fir-natural  sgd:steps=5  2 of 2 seeds to run",
        "results/r: 20 rows, 18 there already; seeds 0-1, 10 cells",
    ]
    assert lines[2].startswith("2 rows to run: about 0:01 on 1 worker, by rows of this machine in results/r and a sec")
    assert probed == ["sgd"]


def test_a_probe_measures_what_it_can_within_its_second(monkeypatch: pytest.MonkeyPatch) -> None:
    class Runner:
        """Takes half a second a job, and never ends one of sgd."""

        def attempt(self, jobs: list[Job], timeout: float) -> list[dict[str, Any]]:
            (job,) = jobs
            asked.append((job["method"], timeout))
            if job["method"] == "sgd":
                return [{"failure": "timeout", "reason": "", "output": ""}]
            return [{"outcomes": outcomes_of(job, 0.4)}]

        def close(self) -> None:
            asked.append(("closed", 0))

    asked: list[tuple[str, float]] = []
    monkeypatch.setattr("indmech_bench.harness.workers.handle.Runner", Runner)
    cells, found = cells_of("adam", "sgd", "gradient-descent"), Timing()
    timing.probe(found, cells, ())
    assert asked == [("adam", 1.0), ("sgd", pytest.approx(0.6)), ("closed", 0)]
    assert [found.of(cell) for cell in cells[:2]] == [0.4, pytest.approx(0.6)]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"tasks": ["fir-natural:taps=0x5"]}, "taps '0x5' must be 2 or more each"),
        ({"jobs": 1000}, r"--jobs 1000 is more than 8 for each of the \d+ cores here"),
        ({"jobs": -1}, "--jobs -1 must be 0"),
        ({"out": ""}, "--out '' names no folder"),
        ({"out": "foreign"}, r"--out 'foreign' holds what are no results \(a.txt, b.txt, c.txt, ...\)"),
        ({"out": "foreign/a.txt"}, "--out 'foreign/a.txt' is a file"),
        ({"seeds": ""}, "--seeds '' must be a number"),
    ],
)
def test_what_a_run_refuses_a_dry_run_refuses_too_and_nothing_is_written(
    tmp_path: Path, options: dict[str, Any], sentence: str
) -> None:
    (tmp_path / "foreign").mkdir()
    for name in "abcd":
        (tmp_path / f"foreign/{name}.txt").touch()
    asked = {"tasks": ["fir-natural"], "methods": ["adam"], "fresh": True, **options}
    with pytest.raises(InputError, match=sentence):
        dry_run.dry_run([plan(RunOptions(**asked))])
    with pytest.raises(InputError, match=sentence):
        indmech_bench.run(**asked)
    assert [path.name for path in tmp_path.iterdir()] == ["foreign"]
    assert len(list((tmp_path / "foreign").iterdir())) == 4


def test_a_dry_run_against_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_folder(tmp_path / "base", {("fir-natural", "adam"): [0.1] * 3}, entry=provenance([]))
    app(["run", "--against", "base", "--method", "adam:steps=7", "--out", "new", "--dry-run"], standalone_mode=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "fir-natural  adam:steps=7  3 of 3 seeds to run"
    assert re.fullmatch(r"3 rows to run: about 0:01 on \d+ workers?, by rows of this machine in base", lines[-1])
    assert not (tmp_path / "new").exists()


def test_options_come_from_a_file_and_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf").mkdir()
    file = tmp_path / "conf/mine.toml"
    file.write_text('seeds = 3\njobs = 0\nresults = "kept"\ntasks = ["fork"]\nquiet = true\ntimeout = 20\n')
    made = plan(RunOptions(methods=["adam"], config=file))
    assert (made.seeds, made.timeout, made.options.jobs, made.options.quiet) == ((0, 1, 2), 20, 0, True)
    assert made.folder == tmp_path / "conf/kept/local"
    assert {cell.task.name for cell in made.cells} == {"fork"}
    assert plan(RunOptions(tasks=[], methods=["adam"], config=file)).cells == made.cells  # as a command line has it
    said = plan(RunOptions(tasks=["fir-natural"], methods=["adam"], seeds="1", out="o", config=file))
    assert (said.seeds, said.folder, said.cells[0].task.name) == ((0,), Path("o"), "fir-natural")
    monkeypatch.setenv(CONFIG, str(file))
    monkeypatch.setenv(RESULTS, "/elsewhere")
    assert plan(RunOptions(methods=["adam"])).folder == Path("/elsewhere/local")
    monkeypatch.setenv(JOBS, "3")
    assert plan(RunOptions(methods=["adam"])).options.jobs is None
    assert default_jobs() == 3
    monkeypatch.setenv(JOBS, "two")
    monkeypatch.delenv(CONFIG)
    with pytest.raises(InputError, match=f"{JOBS} in the environment is 'two'"):
        dry_run.dry_run([plan(RunOptions(tasks=["fork"], methods=["adam"]))])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("job = 3", "unknown key in 'mine.toml' 'job': did you mean 'jobs'"),
        ("jobs = true", "'jobs' in 'mine.toml' must be a number of worker processes, not True"),
        ("tasks = 'fork'", "'tasks' in 'mine.toml' must be a list of texts, not 'fork'"),
        ("quiet = 1", "'quiet' in 'mine.toml' must be true or false, not 1"),
        ("x = [", "--config 'mine.toml' cannot be read"),
    ],
)
def test_a_wrong_file_of_options_gets_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(InputError, match=sentence):
        plan(RunOptions(methods=["adam"], config="mine.toml"))
    with pytest.raises(InputError, match=r"--config 'none.toml' does not exist"):
        plan(RunOptions(config="none.toml"))


def test_a_clock() -> None:
    assert [clock(seconds) for seconds in (0.4, 7, 61, 3723)] == ["0:00", "0:07", "1:01", "1:02:03"]

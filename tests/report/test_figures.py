"""Figures: their data say what tables say, and drawings show nothing that was not measured."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from folders import rows_of, write_folder
from matplotlib.collections import FillBetweenPolyCollection

import indmech_bench
from indmech_bench import InputError
from indmech_bench.cli.app import app
from indmech_bench.problem.faces.curve import curve_steps
from indmech_bench.registry.registration import get_task
from indmech_bench.report.evidence import Evidence, NothingToDrawError
from indmech_bench.report.figures.trajectories import begins
from indmech_bench.report.gallery import FIGURES, save
from indmech_bench.report.page.svg import inline
from indmech_bench.report.style import abbreviated, plain_power, styled
from indmech_bench.results.files import row_file_name
from indmech_bench.scm.genericity import prior_null
from indmech_bench.statistics.significance import holm, signed_rank_pvalue

INF = float("inf")


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn_with_a_text_and_ids_of_its_own(everything: Path, name: str) -> None:
    figure = FIGURES[name]
    data = figure.data(Evidence.of(everything))
    assert len(data)
    assert len(figure.says(data)) > 40
    with styled():
        svg = inline(figure.draw(data), name, figure.title, figure.says(data))
    assert f'aria-labelledby="{name}-title {name}-says"' in svg
    ids = re.findall(r'\bid="([^"]*)"', svg)
    assert len(ids) == len(set(ids))
    assert all(one.startswith(f"{name}-") for one in ids)
    assert set(re.findall(r'(?:href="#|url\(#)([^")]*)', svg)) <= set(ids)
    assert "mathdefault" not in svg


def test_ranks_are_those_of_the_leaderboard(hostile: Path) -> None:
    board = indmech_bench.leaderboard(hostile)
    data = indmech_bench.figure_data(hostile, "ranks")
    lines = {line.name: line for line in board.lines}
    assert list(data["method"])[:3] == [line.name for line in board.lines if line.rank is not None]
    for line in data.to_dict("records"):
        assert line["score"] == lines[line["method"]].score
        if not line["reference"]:
            assert (line["rank_low"], line["rank_high"]) == lines[line["method"]].rank_interval


def test_wins_are_of_paired_scores_in_which_failures_are_zero_and_controls_have_no_part(hostile: Path) -> None:
    data = indmech_bench.figure_data(hostile, "wins").set_index(["method", "other"])
    rows = indmech_bench.load(hostile)
    rows = rows[~rows["reference"] & ~rows["control"]]
    rows["score"] = rows["metrics.score"].where(rows["status"] == "ok", 0.0)
    scores = rows.pivot(index=["task", "seed"], columns="label", values="score")
    assert set(data["n"]) == {20}
    tests = {}
    for first, second in data.index:
        difference = (scores[first] - scores[second]).to_numpy()
        assert data.loc[(first, second), "better"] == (difference > 1e-6).sum()
        assert data.loc[(first, second), "wins"] + data.loc[(second, first), "wins"] == 1
        tests[frozenset((first, second))] = signed_rank_pvalue(difference)
    corrected = dict(zip(tests, holm([*tests.values()]), strict=True))
    for both, line in data.iterrows():
        assert line["p_score"] == pytest.approx(corrected[frozenset(both)])


def test_a_dose_whose_median_is_a_failure_has_no_mark(tmp_path: Path) -> None:
    doses = {f"fir-natural:dependence={dose}": [0.1, 0.2, 0.3] for dose in (-0.5, 0.2)}
    cells = {(task, "adam"): errors for task, errors in doses.items()}
    cells["fir-natural:dependence=0.4", "adam"] = [INF, INF, 0.2]
    data = indmech_bench.figure_data(write_folder(tmp_path / "r", cells), "dose")
    assert dict(zip(data["dose"], data["error"], strict=True)) == {-0.5: 0.2, 0.2: 0.2, 0.4: INF}
    with styled():
        above = FIGURES["dose"].draw(data).axes[0]
    (line,) = (line for line in above.lines if len(line.get_xdata()) == 3)
    assert [math.isnan(value) for value in np.asarray(line.get_ydata(), dtype=float)] == [False, False, True]


def test_an_interval_without_end_leaves_the_axis_of_shifts_alone(tmp_path: Path) -> None:
    cells = {("toy-faces", "adam"): [0.1] * 4 + [INF] * 2, ("toy-faces", "sgd"): [0.1] * 6}
    folder = write_folder(tmp_path / "r", cells, changes={"errors": {"layout stretch 1.5": 0.4}})
    data = indmech_bench.figure_data(folder, "shifts")
    assert dict(zip(data["method"], data["error_high"], strict=True)) == {"adam": INF, "sgd": 0.4}
    with styled():
        low, high = FIGURES["shifts"].draw(data).axes[0].get_xlim()
    assert (low, high) == pytest.approx((0.4 / 1.4, 1.4))


def test_natural_truths_stand_at_the_end_of_the_spreads(everything: Path) -> None:
    data = indmech_bench.figure_data(everything, "dose")
    assert sorted(set(data.loc[data["way"] == "log ρ ~ N(0, σ²)", "dose"])) == [0.0, INF]
    assert set(data.loc[~data["control"], "task"]) == {"fir-natural"}


def test_the_truth_is_among_all_solutions(everything: Path) -> None:
    data = indmech_bench.figure_data(everything, "solutions")
    of_task = data[data["task"] == "fir-natural"]
    every, truth = (of_task[of_task["what"] == what] for what in ("solution", "truth"))
    same = every[every["extrapolation_error"] < 1e-9]
    assert np.abs(same["log_generic_ratio"] - truth["log_generic_ratio"].iloc[0]).min() < 1e-9
    assert set(of_task.loc[of_task["what"] == "pick", "method"]) == {
        f"{name}:steps=3" for name in ("adam", "weight-decay", "sgd")
    }
    assert not of_task.loc[of_task["what"] == "pick", "fits"].any()


def test_the_band_of_truths_is_that_of_the_null_that_p_comes_from(everything: Path) -> None:
    data = indmech_bench.figure_data(everything, "pairs")
    of_task = data[data["task"] == "fir-natural"]
    bound = float(prior_null(get_task("fir-natural").model).bound(0.05))
    assert set(of_task["null_high"]) == {bound}
    assert set(of_task["null_low"]) == {-bound}
    assert list(data["log_generic_ratio"].abs() > data["null_high"]) == list(data["p"] < 0.05)


def test_truths_of_results_without_a_band_are_drawn_without_one(everything: Path, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    shutil.copytree(everything, folder)
    shutil.rmtree(folder / "curves")
    data = indmech_bench.figure_data(folder, "pairs")
    assert data["null_high"].isna().all()
    with styled():
        left, _ = FIGURES["pairs"].draw(data).axes
    assert not [one for one in left.collections if isinstance(one, FillBetweenPolyCollection)]


def test_points_along_training_are_those_that_were_kept(everything: Path) -> None:
    curves = indmech_bench.load_curves(everything)
    data = indmech_bench.figure_data(everything, "trajectories")
    one = data[(data["task"] == "fir-natural") & (data["method"] == "adam:steps=3") & (data["metric"] == "fit_error")]
    kept = curves[(curves["task_label"] == "fir-natural") & (curves["label"] == "adam:steps=3")]
    assert dict(zip(one["step"], one["middle"], strict=True)) == dict(zip(kept["step"], kept["fit_error"], strict=True))


@pytest.mark.parametrize("steps", [2, 20, 3_000])
def test_a_second_training_is_seen_by_the_steps_that_are_kept(steps: int) -> None:
    first, second = [*curve_steps(10_000), 10_000], [10_000 + step for step in (*curve_steps(steps), steps)]
    assert begins(first) == [0]
    assert begins(sorted({*first, *second})) == [0, 10_000]
    assert begins([0, 100, 200, 300, 400]) == [0]


def test_pictures_are_laid_out_alike_however_often_they_are_saved(everything: Path, tmp_path: Path) -> None:
    with styled(), warnings.catch_warnings():
        warnings.simplefilter("error")
        drawing = FIGURES["pictures"].draw(indmech_bench.figure_data(everything, "pictures"))
        for name in ("first.png", "second.png"):
            save(drawing, tmp_path / name)
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()


def test_costs_that_nobody_counted_are_left_out(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "r", {("fork", "adam"): [0.1] * 3}, changes={"cost": None})
    with pytest.raises(NothingToDrawError, match="cost was counted"):
        indmech_bench.figure_data(folder, "cost")


def test_what_results_lack_is_said_in_one_sentence(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "r", {("fir-generic", "adam"): [0.1] * 3})
    evidence = Evidence.of(folder)
    for name in ("ranks", "wins", "critical", "cost", "dose", "shifts", "solutions", "trajectories", "pictures"):
        with pytest.raises(NothingToDrawError) as raised:
            FIGURES[name].data(evidence)
        assert str(raised.value).endswith(".")
        assert str(folder) in str(raised.value)


def test_labels_are_short_and_all_different() -> None:
    long = [f"target-ratio:learning_rate=0.01,steps=1000,strength=0.6,ratio={ratio}" for ratio in (0.5, 0.8)]
    plugin = [f"a-method-with-a-very-long-name-of-its-own-{end}" for end in ("x-y", "z-y")]
    found = abbreviated([*long, *plugin, "adam:steps=3"])
    assert [found[label] for label in long] == ["target-ratio:ratio=0.5", "target-ratio:ratio=0.8"]
    assert found["adam:steps=3"] == "adam"
    assert len(set(found.values())) == 5
    assert max(map(len, found.values())) <= 30


def test_numbers_of_logarithmic_axes_are_plain() -> None:
    assert [plain_power(value) for value in (0.01, 1, 1000, 1e5, 1e-6, 2e5)] == [
        "0.01",
        "1",
        "1,000",
        "10⁵",
        "10⁻⁶",
        "2·10⁵",
    ]


def test_an_abbreviated_label_shows_its_text_when_pointed_at(hostile: Path) -> None:
    figure = FIGURES["ranks"]
    data = figure.data(Evidence.of(hostile))
    with styled():
        svg = inline(figure.draw(data), "ranks", figure.title, "")
    assert "<title>sgd:note=&lt;script&gt;" in svg
    assert "<script" not in svg


def test_a_leaderboard_draws_its_own_tasks(hostile: Path, tmp_path: Path) -> None:
    board = indmech_bench.leaderboard(hostile, family="fork")
    drawing = board.plot("by-task", out=tmp_path / "new" / "f.png")
    assert (tmp_path / "new" / "f.png").read_bytes().startswith(b"\x89PNG")
    assert [label.get_text() for label in drawing.axes[0].get_xticklabels()] == ["fork"]
    assert set(indmech_bench.figure_data(board, "by-task")["task"]) == {"fork"}


def test_equal_data_make_equal_files(hostile: Path, tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        indmech_bench.plot(hostile, "cost", out=tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rank",), "unknown figure 'rank': did you mean 'ranks'?"),
        (("ranks", "--out", "x.jpg"), "must end in .svg, .png or .pdf"),
        ((), "lacks the name of a figure"),
    ],
)
def test_bad_input_gives_one_sentence(hostile: Path, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError) as raised:
        app(["plot", str(hostile), *arguments], standalone_mode=False)
    assert said in str(raised.value)


def test_the_verb_writes_the_figure(hostile: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "ranks.pdf"
    assert app(["plot", str(hostile), "ranks", "--out", str(out)], standalone_mode=False) in (0, None)
    assert capsys.readouterr().out.strip() == str(out)
    assert out.read_bytes().startswith(b"%PDF")


def test_listing_figures_and_leaderboards_import_nothing_that_draws_or_trains(hostile: Path) -> None:
    code = (
        "import sys; from indmech_bench.cli.app import app; app(['plot', '--list'], standalone_mode=False);"
        f"app(['leaderboard', {str(hostile)!r}], standalone_mode=False);"
        "print([m for m in ('torch', 'matplotlib', 'seaborn', 'scipy.stats') if m in sys.modules])"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.splitlines()[-1] == "[]"


def test_pictures_in_colour_have_three_channels_and_controls_come_last(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "r", {("toy-faces", "adam"): [0.1], ("fluo-faces", "adam"): [0.2]})
    random = np.random.default_rng(0)
    shown = {"toy-faces": random.random((2, 5, 4)), "fluo-faces": random.random((2, 3, 5, 4))}
    (folder / "curves").mkdir()
    for row in rows_of(folder):
        np.savez(folder / "curves" / f"{row_file_name(row)}.npz", observed=shown[row["task"]])
    data = indmech_bench.figure_data(folder, "pictures")
    assert list(dict.fromkeys(data["task"])) == ["fluo-faces", "toy-faces"]
    for task, channels in (("fluo-faces", ["red", "green", "blue"]), ("toy-faces", ["grey"])):
        lines = data[data["task"] == task]
        assert list(dict.fromkeys(lines["channel"])) == channels
        pixels = lines[["x0", "x1", "x2", "x3"]].to_numpy().reshape(len(channels), 5, 4)
        assert np.allclose(pixels, shown[task][0], atol=1e-4)
    with styled():
        FIGURES["pictures"].draw(data)

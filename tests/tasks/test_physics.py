"""Kernels of physics have their textbook shapes; pairs and tasks of them are what their settings say."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from draws import truth_of
from scipy import integrate, special, stats

from indmech_bench import Dilation, Family, KernelIntervention, Stretch, dilations, get_task, kernel_pairs
from indmech_bench.errors import InputError
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import Entry
from indmech_bench.scoring.references import of_parameters
from indmech_bench.scoring.scores import score
from indmech_bench.tasks.physics.drawing import drawn, kernel_named

KERNELS = [entry.name for entry in Catalogue.read().of_kind("kernel")]
TASKS = [entry.name for entry in Catalogue.read().of_kind("task") if entry.attribute == "PhysicsTask"]
NATURAL = ("seismic-sparse", "seismic-blocky", "source-green", "optics-stars", "optics-scene")
CONTROLS = ("seismic-thick", "optics-wide")


def draws(name: str, taps: int, count: int = 200) -> np.ndarray:
    generator = np.random.default_rng(3)
    return np.stack([drawn(name, kernel_named(name), generator, taps) for _ in range(count)])


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("taps", [9, 64])
def test_every_kernel_is_finite_and_a_function_of_its_generator(name: str, taps: int) -> None:
    first, again = (drawn(name, kernel_named(name), np.random.default_rng(7), taps) for _ in range(2))
    assert np.array_equal(first, again)
    assert taps < 64 or len({tuple(row) for row in draws(name, taps, 20)}) > 10


@pytest.mark.parametrize("entry", Catalogue.read().of_kind("kernel"), ids=lambda entry: entry.name)
def test_every_kernel_says_its_units_and_its_source(entry: Entry) -> None:
    assert entry.summary
    assert entry.facts["units"]
    assert entry.facts["source"]
    assert set(entry.facts["pairs"]) <= set(KERNELS)


def test_the_line_spread_is_the_integral_of_the_airy_pattern() -> None:
    def intensity(x: float, y: float) -> float:
        v = np.pi * np.hypot(x, y)  # lambda N = 1
        return float((2 * special.j1(v) / v) ** 2) if v else 1.0

    z = 2 * np.pi * np.array([0.35, 0.8])
    spread = [integrate.quad(lambda y, x=x: intensity(x, y), 0, 60, limit=400)[0] for x in (1e-9, 0.35, 0.8)]
    expected = 3 * np.pi / 2 * special.struve(1, z) / z**2
    assert np.array(spread[1:]) / spread[0] == pytest.approx(expected, rel=2e-3)


def test_ricker_wavelets_peak_from_25_to_35_hertz() -> None:
    spectra = np.abs(np.fft.rfft(draws("ricker", 9), 4096))
    peaks = np.fft.rfftfreq(4096, 0.008)[spectra.argmax(-1)]
    assert peaks.min() > 23
    assert peaks.max() < 37
    assert np.abs(draws("ricker", 9) - draws("ricker", 9)[:, ::-1]).max() < 1e-12


@pytest.mark.parametrize(
    "name", ["sparse-reflectivity", "blocky-reflectivity", "stars", "thick-reflectivity", "wide-stars"]
)
def test_layouts_begin_and_end_with_an_event(name: str) -> None:
    for taps in (24, 32, 64):
        assert (draws(name, taps)[:, [0, -1]] != 0).all()


@pytest.mark.parametrize("name", ["thick-reflectivity", "wide-stars"])
def test_events_apart_are_nine_apart(name: str) -> None:
    for row in draws(name, 64):
        assert np.diff(np.flatnonzero(row)).min() >= 9


def test_layers_reflect_less_than_everything_and_in_turn() -> None:
    rows = draws("blocky-reflectivity", 64)
    assert np.abs(rows).max() < 1
    following = np.concatenate([row[row != 0][1:] * row[row != 0][:-1] for row in rows])
    assert stats.binomtest(int((following < 0).sum()), len(following), alternative="greater").pvalue < 1e-6


def test_physical_tasks_draw_two_kernels_apart() -> None:
    """The kernels of a pair say nothing of each other: shuffling k2 over the truths leaves log rho's law alone."""
    truth = truth_of("seismic-blocky", range(200))
    shuffled = {**truth.parameters, "k2": truth.parameters["k2"].roll(1, 0)}
    ratios = [truth.model.log_generic_ratio(p).numpy() for p in (truth.parameters, shuffled)]
    assert stats.ks_2samp(*ratios).pvalue > 1e-3


@pytest.mark.parametrize("name", CONTROLS)
def test_events_apart_make_rho_one_by_geometry(name: str) -> None:
    truth = truth_of(name, range(32))
    assert float(truth.model.log_generic_ratio(truth.parameters).abs().max()) < 1e-12
    assert Catalogue.read().find("task", name).facts["control"]


def test_slack_lets_a_delay_fit_and_bears_its_zeros() -> None:
    truth = truth_of("seismic-thick:slack=8", range(8))
    k1, k2 = truth.parameters["k1"], truth.parameters["k2"]
    assert float(k2[:, -8:].abs().max()) == 0.0
    composite = np.stack([np.convolve(a, b) for a, b in zip(k1, k2, strict=True)])
    assert np.abs(composite[:, 24:]).max() == 0.0  # so that k1 = delta and k2 = composite fit
    for value in ("23", "-1"):
        with pytest.raises(InputError, match="slack"):
            get_task(f"seismic-thick:slack={value}")


def test_twins_are_named_and_have_their_own_truths() -> None:
    for name in (*NATURAL, *CONTROLS):
        assert f"{name}-gaussian" in TASKS
    one, other = (truth_of(f"{name}-gaussian", [0]).parameters["k1"] for name in NATURAL[:2])
    assert not torch.equal(one, other)


def test_a_task_with_a_kernel_or_intervention_that_is_none_says_so() -> None:
    with pytest.raises(InputError, match=r"rickr.*ricker"):
        get_task("seismic-sparse:first=rickr")
    with pytest.raises(InputError, match=r"dilatation.*dilation"):
        get_task("seismic-sparse:scored=dilatation")
    with pytest.raises(InputError, match="leave the signal"):
        get_task("seismic-sparse:taps=40x24")


@pytest.mark.parametrize("scored", ["stretch", "dilation", "modulation"])
def test_other_interventions_score_the_truth_as_right(scored: str) -> None:
    truth = truth_of(f"seismic-sparse:scored={scored}", (0, 1))
    law = truth.model.laws(truth.parameters)
    observed = law(truth.family.identity)
    assert torch.allclose(observed, truth.model.law(truth.parameters, Stretch(1.0)), atol=1e-12)
    assert {type(g).__name__.lower() for g in truth.family.scored} == {scored}


def test_a_dilation_is_the_band_limited_signal_played_slower() -> None:
    taps, n = torch.from_numpy(draws("ricker", 9, 1)), 128
    slower = Dilation(2.0).acted(torch.zeros(1, n, dtype=torch.float64), taps, n)
    times = np.arange(-60, 68) / 2
    played = (taps[0].numpy() * np.sinc(times[:, None] - np.arange(9))).sum(-1)
    expected = np.abs(np.fft.fft(played)) ** 2
    assert np.abs(slower[0].numpy() - expected).max() < 0.05 * expected.max()
    images = Stretch(2.0).power(taps, n)
    assert float(images[0, 48:80].max()) > 10 * float(slower[0, 48:80].max())
    assert len(dilations().scored) == 16


@dataclass(frozen=True)
class Cut(KernelIntervention):
    """The first taps of the kernel alone."""

    kept: int

    def acted(self, power: torch.Tensor, taps: torch.Tensor | None, n: int) -> torch.Tensor:
        assert taps is not None
        return torch.fft.fft(taps[..., : self.kept], n).abs().square()


def test_interventions_of_a_tasks_own_act_through_the_public_face() -> None:
    truth = truth_of("seismic-sparse", (0, 1))
    own = replace(truth, family=Family(Cut(9), (Cut(5), Cut(7))))
    metrics = score(own, of_parameters(own, own.parameters))
    assert float(metrics["extrapolation_error"].max()) < 1e-12
    other = score(own, of_parameters(own, {**own.parameters, "k1": own.parameters["k1"].roll(1, -1)}))
    assert float(other["extrapolation_error"].min()) > 0.01


PLUGIN = """
import numpy as np
from indmech_bench import register_kernel

@register_kernel("box", units="taps of 1 s", source="mine", pairs={"stars": "5x20", "box": "5x5"})
def box(generator, taps):
    k = np.zeros(taps)
    k[: generator.integers(2, taps + 1)] = 1
    return k
"""


def test_ten_lines_of_a_plugin_put_a_pair_into_the_table(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUGIN)
    frame = kernel_pairs(10, plugins=[tmp_path / "mine.py"]).set_index(["first", "second"])
    assert frame.taps["box", "stars"] == "5x20"
    assert frame.log_rho["box", "box"][1] > 0.3


def test_pairs_follow_their_mean_spectra_and_are_conditioned_on_nothing() -> None:
    frame = kernel_pairs(100).set_index(["first", "second"])
    medians = frame.log_rho.map(lambda three: three[1])
    assert float((medians - frame.mean_spectra).abs().drop(("string", "guitar-body")).max()) < 0.1
    assert medians["airy", "scene"] > 0.9
    assert abs(medians["ricker", "sparse-reflectivity"]) < 0.1
    with pytest.raises(InputError, match="10 or more"):
        kernel_pairs(3)


def test_listing_kernels_imports_no_torch() -> None:
    code = (
        "import sys; from indmech_bench.cli.catalogue.listings import document; "
        "from indmech_bench.registry.catalogue import Catalogue; "
        "document('kernels', Catalogue.read()); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

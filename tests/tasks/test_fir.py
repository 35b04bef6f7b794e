"""The FIR task: its truths, its presets and what it shows of them (THEORY 3.1)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest
import torch
from draws import PRESETS, each_seed, kernels, problem_of, task_and_streams, truth_of
from scipy import stats
from torch import Tensor

from indmech_bench.errors import InputError
from indmech_bench.problem.gauss_newton import levenberg_marquardt
from indmech_bench.problem.solution import Solution
from indmech_bench.registry.registration import get_method, get_task
from indmech_bench.scm.divergences import squared_bures_wasserstein
from indmech_bench.scm.interventions import modulations
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.observations.fitting import chi2_quantile_95
from indmech_bench.scm.observations.impulse import Impulse
from indmech_bench.scm.solution_lists import LIMIT
from indmech_bench.scoring.references import oracle, random_solution
from indmech_bench.scoring.scores import score
from indmech_bench.tasks import sampling as drawing
from indmech_bench.tasks.chains import fir
from indmech_bench.tasks.truth import Truth

each_preset = pytest.mark.parametrize("preset", PRESETS)
MODEL = ConvolutionCascade((5, 4), 16)


@lru_cache
def drawn(preset: str) -> Truth:
    """A few truths; conditioning on log rho = -1 is slow."""
    return truth_of(preset, range({"fir-dependent-minus": 8, "fir-graded": 150}.get(preset, 20)))


@each_preset
def test_truths_have_mean_power_one(preset: str) -> None:
    P, R, _ = drawn(preset).model.parts(drawn(preset).parameters)
    assert float(((P * R).mean(-1) - 1).abs().max()) < 1e-12


@pytest.mark.parametrize(
    ("preset", "dependence"), [("fir-generic", 0.0), ("fir-dependent-plus", 0.4), ("fir-dependent-minus", -1.0)]
)
def test_truths_have_the_dependence_of_their_preset(preset: str, dependence: float) -> None:
    ratio = drawn(preset).model.log_generic_ratio(drawn(preset).parameters)
    assert float((ratio - dependence).abs().max()) < 0.001


def test_graded_truths_spread_normally_around_independence() -> None:
    ratio = drawn("fir-graded").model.log_generic_ratio(drawn("fir-graded").parameters).numpy()
    assert 0.043 < ratio.std() < 0.057
    assert stats.kstest(ratio, "norm", args=(0.0, 0.05)).pvalue > 1e-3


def test_a_spread_lies_around_the_dependence() -> None:
    truth = truth_of("fir-natural:dependence=0.2,spread=0.02", range(60))
    ratio = truth.model.log_generic_ratio(truth.parameters)
    assert abs(float(ratio.mean()) - 0.2) < 0.01
    assert 0.013 < float(ratio.std()) < 0.027


def test_a_larger_tolerance_is_used() -> None:
    truth = truth_of("fir-generic:tolerance=0.1", range(60))
    ratio = truth.model.log_generic_ratio(truth.parameters).abs()
    assert 0.05 < float(ratio.max()) < 0.1


def test_natural_truths_are_directions_of_gaussian_taps() -> None:
    truth = truth_of("fir-natural", range(400))
    for value in truth.parameters.values():
        unit = value / value.norm(dim=-1, keepdim=True)
        degrees = value.shape[-1] - 1
        t = unit * (degrees / (1 - unit.square())).sqrt()
        assert stats.kstest(t[:, 0].numpy(), "t", args=(degrees,)).pvalue > 1e-3
        assert stats.kstest(t[:, -1].numpy(), "t", args=(degrees,)).pvalue > 1e-3


@each_preset
def test_interventions_move_every_truth_by_a_hundredth_of_its_power(preset: str) -> None:
    truth = drawn(preset)
    laws = torch.stack([truth.model.law(truth.parameters, g) for g in modulations(truth.model.n).group], 1)
    assert bool((squared_bures_wasserstein(laws[:, :1], laws[:, 1:]).mean(-1) >= 0.01 * laws[:, 0].mean(-1)).all())


def test_what_counts_as_moving_is_a_hundredth_of_the_power() -> None:
    task = get_task("fir-natural:taps=2x3")
    second_taps = torch.linspace(0.01, 0.4, 200, dtype=torch.float64)
    pairs = {"k1": torch.stack([torch.ones(200).double(), second_taps], -1), "k2": kernels(0, (3,), 200)["k1"]}
    laws = torch.stack([task.model.law(pairs, g) for g in modulations(64).group], 1)
    moves = squared_bures_wasserstein(laws[:, :1], laws[:, 1:]).mean(-1) >= 0.01 * laws[:, 0].mean(-1)
    assert 20 < int(moves.sum()) < 180
    assert torch.equal(task._moves(pairs), moves)


def test_pairs_that_interventions_hardly_move_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []

    def still(self: fir.FirTask, pairs: dict[str, Tensor]) -> Tensor:
        seen.append(pairs["k1"])
        return torch.tensor([len(seen) > 1]).expand(len(pairs["k1"])).clone()

    monkeypatch.setattr(fir.FirTask, "_moves", still)
    truth = truth_of("fir-natural", [0])
    first = seen[-1][0] / seen[-1][0].norm()
    assert torch.allclose(truth.parameters["k1"][0] / truth.parameters["k1"][0].norm(), first)
    assert len(seen) == 2


@each_preset
def test_a_truth_does_not_depend_on_which_others_are_drawn(preset: str) -> None:
    for seeds in ([3], [5, 3, 1], [3, 3]):
        alone = truth_of(preset, seeds)
        for name, value in alone.parameters.items():
            assert torch.equal(value[seeds.index(3)], drawn(preset).parameters[name][3])


def test_a_noisy_observation_does_not_depend_on_which_others_are_drawn() -> None:
    among, alone = problem_of("fir-natural:noise=20", range(6)), problem_of("fir-natural:noise=20", [4])
    assert torch.equal(among.observations[4], alone.observations[0])


def adam(truth: Truth, text: str) -> Solution:
    made: Solution = get_method("adam:steps=30").fit(problem_of(text, range(truth.replicates)))
    return made


@pytest.mark.parametrize(
    "solve",
    [
        lambda truth, text: oracle(problem_of(text, range(truth.replicates)), truth),
        lambda truth, text: random_solution(problem_of(text, range(truth.replicates)), truth),
        adam,
    ],
    ids=["oracle", "random-solution", "adam"],
)
def test_the_scale_of_the_draw_changes_no_bit_of_any_metric(
    solve: Callable[[Truth, str], Solution], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "fir-natural"
    plain = truth_of(text, range(6))
    before = score(plain, solve(plain, text))
    draw = fir.FirTask.draw
    monkeypatch.setattr(fir.FirTask, "draw", lambda *given: {name: 4 * value for name, value in draw(*given).items()})
    louder = truth_of(text, range(6))
    after = score(louder, solve(louder, text))
    assert torch.equal(4 * louder.parameters["k1"], plain.parameters["k1"])
    assert torch.equal(louder.parameters["k2"], 4 * plain.parameters["k2"])
    for name, value in before.items():
        assert torch.equal(value, after[name]), name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fir-natural:dependence=1.7", "dependence 1.7 cannot be reached"),
        ("fir-natural:dependence=0.75,taps=2x9", "dependence 0.75 cannot be reached"),
        ("fir-natural:taps=1x5", "1x5"),
        ("fir-natural:taps=9", "9x5"),
        ("fir-natural:taps=60x6", "65 taps"),
    ],
)
def test_settings_that_make_no_sense_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        get_task(text)


@pytest.mark.parametrize("dependence", [-6.0, 1.5])
def test_a_dependence_that_no_draw_reaches_is_refused(dependence: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "MAX_DRAWS", 8192)
    with pytest.raises(InputError, match="log rho"):
        get_task(f"fir-natural:dependence={dependence}")


@pytest.mark.parametrize("lengths", [(2, 2), (2, 9), (5, 3)])
def test_no_pair_reaches_the_bound_that_refuses_a_dependence(lengths: tuple[int, int]) -> None:
    ratio = ConvolutionCascade(lengths, 64).log_generic_ratio(kernels(0, lengths, 100_000))
    assert float(ratio.max()) < np.log(min(lengths))


def test_a_composite_that_just_fits_is_allowed() -> None:
    assert get_task("fir-natural:taps=60x5").lengths == (60, 5)


def test_facts_are_rho_the_number_of_solutions_and_the_largest_rho_among_them() -> None:
    truth = drawn("fir-natural")
    facts = get_task("fir-natural").facts(truth)
    for row, composite in enumerate(truth.composites()):
        ratios = truth.model.log_generic_ratio(truth.solutions(composite))
        own = facts["log_generic_ratio"][row]
        assert facts["solutions"][row] == len(ratios)
        assert facts["largest_log_generic_ratio"][row] == float(ratios.max())
        assert float((ratios - own).abs().min()) < 1e-9


def test_the_largest_rho_is_unknown_where_solutions_are_too_many() -> None:
    truth = truth_of("fir-natural:taps=32x33", [0])
    facts = get_task("fir-natural:taps=32x33").facts(truth)
    assert facts["solutions"][0] > LIMIT
    assert facts["largest_log_generic_ratio"] == [None]


@pytest.mark.parametrize("n", [16, 17])
@each_seed()
def test_the_impulse_loss_is_the_relative_squared_distance_of_kernels(n: int, seed: int) -> None:
    model = ConvolutionCascade((5, 4), n)
    kernel = np.random.default_rng(seed).standard_normal((3, n))
    parameters = kernels(seed + 1, (5, 4), 3, 2)
    losses = Impulse(model, torch.from_numpy(kernel)).loss(parameters)
    for r, s in np.ndindex(3, 2):
        made = np.pad(np.convolve(parameters["k1"][r, s].numpy(), parameters["k2"][r, s].numpy()), (0, n - 8))
        assert np.isclose(float(losses[r, s]), ((made - kernel[r]) ** 2).sum() / (kernel[r] ** 2).sum(), rtol=1e-11)


@each_seed()
def test_squared_residuals_sum_to_the_loss(seed: int) -> None:
    problem = problem_of("fir-natural", range(3))
    for lead in ((3,), (3, 4)):
        parameters = kernels(seed, (9, 5), *lead)
        residuals = problem.residuals(parameters)
        assert residuals.shape == (*lead, 66)
        assert torch.allclose(residuals.square().sum(-1), problem.loss(parameters), rtol=1e-13)


@each_seed(10)
def test_the_jacobian_is_that_of_finite_differences(seed: int) -> None:
    problem = problem_of("fir-natural", range(3))
    parameters = kernels(seed, (9, 5), 3, 2)
    jacobian = problem.jacobian(parameters)
    assert jacobian.shape == (3, 2, 66, 14)
    columns = [("k1", i) for i in range(9)] + [("k2", i) for i in range(5)]
    for column, (name, tap) in enumerate(columns):
        residuals = []
        for step in (1e-6, -1e-6):
            moved = {key: value.clone() for key, value in parameters.items()}
            moved[name][..., tap] += step
            residuals.append(problem.residuals(moved))
        assert torch.allclose(jacobian[..., column], (residuals[0] - residuals[1]) / 2e-6, atol=1e-8)


def test_observations_have_mean_power_one_and_solutions_the_truths_scale() -> None:
    truth = truth_of("fir-natural:noise=20", range(5))
    task, drawn_streams = task_and_streams("fir-natural:noise=20", "truth", range(5))
    observation = task.observe(truth.parameters, drawn_streams)
    problem = problem_of("fir-natural:noise=20", range(5))
    own_scale = truth.model.rescale(truth.parameters, 1 / observation.kernel.norm(dim=-1))
    solved = problem.solution(own_scale).parameters
    assert solved is not None
    assert torch.allclose(problem.observations.norm(dim=-1), torch.ones(5).double(), rtol=1e-13)
    assert torch.allclose(problem.observations * observation.kernel.norm(dim=-1)[:, None], observation.kernel)
    assert torch.allclose(solved["k1"], truth.parameters["k1"], rtol=1e-12)
    assert torch.equal(solved["k2"], truth.parameters["k2"])


@pytest.mark.parametrize("decibel", [10, 20, 40])
def test_the_noise_has_the_power_that_was_asked_for(decibel: int) -> None:
    text = f"fir-natural:noise={decibel}"
    truth = truth_of(text, range(200))
    task, drawn_streams = task_and_streams(text, "truth", range(200))
    noisy = task.observe(truth.parameters, drawn_streams)
    clean = torch.fft.irfft(truth.model.composite(truth.parameters), n=64)
    noise = noisy.kernel - clean
    assert np.isclose(10 * np.log10(1 / float(noise.square().sum(-1).mean())), decibel, atol=0.2)
    assert np.isclose(noisy.noise_share, float(noise.square().sum() / noisy.kernel.square().sum()), rtol=0.05)
    assert stats.kstest((noise * np.sqrt(64 * 10 ** (decibel / 10))).flatten().numpy(), "norm").pvalue > 1e-3


def test_the_truth_fits_a_noisy_observation_in_95_percent_of_draws() -> None:
    text = "fir-natural:noise=20"
    problem, truth = problem_of(text, range(300)), truth_of(text, range(300))
    task, drawn_streams = task_and_streams(text, "truth", range(300))
    _, scale = task.observe(truth.parameters, drawn_streams).normalised(torch.float64)
    start = truth.model.rescale(truth.parameters, 1 / scale)
    _, best = levenberg_marquardt(problem, start, steps=100)
    fits = problem.fits(torch.stack([problem.loss(start), best], -1))
    assert 0.90 < float(fits[:, 0].double().mean()) < 0.99
    assert bool(fits[:, 1].all())


@pytest.mark.parametrize("noise_share", [0.0, 0.01])
def test_nan_never_fits(noise_share: float) -> None:
    observation = Impulse(MODEL, torch.ones(3, 16, dtype=torch.float64), noise_share)
    nan = torch.nan
    losses = torch.tensor([[nan, 0.5, 0.0], [nan, nan, nan], [torch.inf, nan, 1e-12]], dtype=torch.float64)
    fits = observation.fits(losses)
    assert not bool((fits & losses.isnan()).any())
    assert fits.any(-1).tolist() == [True, False, True]


def test_without_noise_a_start_fits_up_to_ten_times_the_best_or_to_1e_8() -> None:
    observation = Impulse(MODEL, torch.ones(2, 16, dtype=torch.float64))
    losses = torch.tensor([[1e-3, 0.9e-2, 1.1e-2, 1.0], [1e-20, 0.9e-8, 1.1e-8, 1.0]], dtype=torch.float64)
    assert observation.fits(losses).tolist() == [[True, True, False, False]] * 2


def test_with_noise_a_start_fits_within_the_likelihood_ratio_of_the_best() -> None:
    observation = Impulse(MODEL, torch.ones(1, 16, dtype=torch.float64), noise_share=0.01)
    threshold = float(stats.chi2.ppf(0.95, 5 + 4 - 1)) * 0.01 / 16
    losses = 0.3 + threshold * torch.tensor([[0.0, 0.99, 1.01]], dtype=torch.float64)
    assert observation.fits(losses).tolist() == [[True, True, False]]


@pytest.mark.parametrize("degrees", [3, 8, 13, 100])
def test_the_chi_squared_quantile_is_that_of_scipy(degrees: int) -> None:
    assert np.isclose(chi2_quantile_95(degrees), stats.chi2.ppf(0.95, degrees), rtol=6e-3)

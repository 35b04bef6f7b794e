"""Facts that the algorithms rest on, and their contract: to run, or to say why not."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch
from draws import each_seed, kernels, problem_of, truth_of
from indmech_baselines.approximate_gcd import common_divisor
from indmech_baselines.averaging import Averaging
from indmech_baselines.balanced_init import balanced
from indmech_baselines.criteria import CRITERIA, flatness, norm
from indmech_baselines.factoring import minimum_phase, shared_out
from indmech_baselines.homomorphic import _minimum_phase
from indmech_baselines.joint_diagonalisation import diagonalised
from indmech_baselines.path_swap import exchanges
from methods import METHODS, home, quick
from scipy.linalg import convolution_matrix
from torch import Tensor

from indmech_bench.conformance.trials import Bench
from indmech_bench.errors import UnsupportedError
from indmech_bench.problem.least_squares import damped_solve, log_det_ridge
from indmech_bench.problem.problem import Problem
from indmech_bench.problem.solution import Solution
from indmech_bench.registry.catalogue import Catalogue
from indmech_bench.registry.entries import Entry, setting_docs
from indmech_bench.registry.registration import get_method, resolve
from indmech_bench.scm.factorisation import count_solutions
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.solution_lists import enumerate_solutions
from indmech_bench.scoring.references import log_posterior
from indmech_bench.scoring.scores import score

SEEDS = tuple(range(10_000, 10_004))
# one task of each kind of observation and model
TASKS = (
    "fir-natural",
    "fir-spectrum",
    "fir-samples",
    "full-cascade-small",
    "deep-5-k1",
    "environments-2",
    "fork",
    "linear-gaussian-natural",
    "linear-gaussian-samples",
    "linear-environments",
)


@functools.cache
def fitted(method: str, task: str, seeds: tuple[int, ...] = SEEDS[:2]) -> Solution:
    """The solution of a method; raises UnsupportedError where it skips the task."""
    return get_method(method).fit(problem_of(task, seeds))


def errors(method: str, task: str, seeds: tuple[int, ...] = SEEDS) -> dict[str, Tensor]:
    """All metrics of a method's solution."""
    return score(truth_of(task, seeds), fitted(method, task, seeds))


@pytest.mark.parametrize("entry", METHODS, ids=lambda entry: entry.name)
def test_a_method_runs_or_says_why_not(entry: Entry) -> None:
    ran, reasons = [], []
    for task in dict.fromkeys((*TASKS, home(entry))):
        problem = problem_of(task, SEEDS[:2])
        try:
            solution = get_method(quick(entry, steps="3", starts="2", sweeps="1")).fit(problem)
        except UnsupportedError as error:
            reasons.append(str(error))
            continue
        ran.append(task)
        metrics = score(truth_of(task, SEEDS[:2]), solution)
        assert bool(metrics["extrapolation_error"].isfinite().all())
        assert bool((problem.spent > 0).all())
    assert home(entry) in ran
    assert all(20 < len(reason) < 200 for reason in reasons)


@pytest.mark.parametrize("entry", METHODS, ids=lambda entry: entry.name)
def test_a_method_says_what_each_setting_is(entry: Entry) -> None:
    assert len(entry.doc.splitlines()) > 3
    described = setting_docs(entry.doc)
    for setting in entry.settings:
        assert setting.fixed or setting.doc or setting.name in described, setting.name


@each_seed(20)
def test_a_damped_solve_tends_to_least_squares(seed: int) -> None:
    generator = np.random.default_rng(seed)
    m, p = sorted(generator.integers(1, 12, 2), reverse=True)
    J, r = generator.standard_normal((3, m, p)), generator.standard_normal((3, m))
    made = damped_solve(torch.from_numpy(J), torch.from_numpy(r), 1e-14)
    for row in range(3):
        gradient = J[row].T @ (J[row] @ made[row].numpy() - r[row])
        assert np.abs(gradient).max() < 1e-9 * (1 + np.linalg.cond(J[row]) ** 2)


def test_a_damped_solve_keeps_a_nan_to_its_row() -> None:
    J, r = torch.randn(3, 6, 5, dtype=torch.float64), torch.randn(3, 6, dtype=torch.float64)
    clean = damped_solve(J, r, 1e-3)
    J[1, 0, 0] = torch.nan
    dirty = damped_solve(J, r, 1e-3)
    assert bool(dirty[1].isnan().all())
    assert torch.equal(dirty[[0, 2]], clean[[0, 2]])


@each_seed(20)
def test_a_ridged_log_determinant_is_that_of_either_side(seed: int) -> None:
    generator = np.random.default_rng(seed)
    m, p = generator.integers(1, 10, 2)
    J = generator.standard_normal((2, m, p))
    expected = [np.linalg.slogdet(np.eye(p) + one.T @ one / 0.1)[1] for one in J]
    assert np.allclose(log_det_ridge(torch.from_numpy(J), 0.1).numpy(), expected)


def enumerated(seed: int) -> tuple[Problem, dict[str, Tensor]]:
    """A problem of fir-natural and all solutions of it, (1, S, L_k)."""
    problem = problem_of("fir-natural", [seed])
    pair = enumerate_solutions(problem.observations[0, :13].numpy(), (9, 5))
    return problem, {name: torch.from_numpy(value).unsqueeze(0) for name, value in zip(("k1", "k2"), pair, strict=True)}


@pytest.mark.parametrize("seed", range(10_000, 10_008))
def test_flatness_orders_solutions_as_their_posterior_does(seed: int) -> None:
    problem, pairs = enumerated(seed)
    values = flatness(problem, pairs)[0].numpy() / 2
    posterior = log_posterior(pairs["k1"][0].numpy(), pairs["k2"][0].numpy())
    plausible = posterior > posterior.max() - 8  # sharper solutions are cut off at the ridge
    gap = (values + posterior)[plausible]
    assert values.argmin() == posterior.argmax()
    assert gap.max() - gap.min() < 1e-2


def test_flatness_and_norm_see_no_scale() -> None:
    problem, pairs = enumerated(10_003)
    louder = {"k1": 7 * pairs["k1"], "k2": pairs["k2"] / 7}
    assert torch.allclose(flatness(problem, louder), flatness(problem, pairs))
    assert torch.allclose(norm(problem, louder), norm(problem, pairs))


def test_the_trace_in_place_of_the_determinant_is_the_norm() -> None:
    problem, pairs = enumerated(10_004)
    jacobian = problem.jacobian(pairs)
    sizes = torch.cat([pairs[name].norm(dim=-1, keepdim=True).expand_as(pairs[name]) for name in pairs], -1)
    trace = (jacobian * sizes.unsqueeze(-2)).square().sum((-2, -1)).log()
    difference = trace - norm(problem, pairs)
    assert float(difference.max() - difference.min()) < 1e-9


def test_the_smallest_norm_is_the_largest_generic_ratio() -> None:
    problem, pairs = enumerated(10_005)
    total = norm(problem, pairs) + problem.log_generic_ratio(pairs)
    assert float(total.max() - total.min()) < 1e-9


@pytest.mark.parametrize("name", sorted(CRITERIA))
def test_a_criterion_costs_what_it_says(name: str) -> None:
    problem, pairs = enumerated(10_006)
    CRITERIA[name](problem, pairs)
    assert float(problem.spent) == CRITERIA[name].cost(problem) * pairs["k1"].shape[1]


@each_seed(15)
def test_zeros_of_a_chain_are_shared_out_in_every_way(seed: int) -> None:
    lengths = (4, 3, 3)
    truth = [value[0].numpy() for value in kernels(seed, lengths, 1).values()]
    composite = functools.reduce(np.convolve, truth)
    found = shared_out(composite, lengths, 1000)
    assert found is not None
    for solution in zip(*found, strict=True):
        assert np.allclose(functools.reduce(np.convolve, solution), composite, atol=1e-8)
    # the truth is among them, kernel by kernel up to scale
    cosines = [
        np.abs(kernel @ one) / np.linalg.norm(kernel, axis=-1) / np.linalg.norm(one)
        for kernel, one in zip(found, truth, strict=True)
    ]
    assert np.min(cosines, axis=0).max() > 1 - 1e-6
    first = enumerate_solutions(composite, (4, 5))[1]
    assert len(found[0]) == sum(count_solutions(tail, (3, 3)) for tail in first)
    assert shared_out(composite, lengths, len(found[0]) - 1) is None


@each_seed(20)
def test_minimum_phase_keeps_the_autocorrelation_and_no_outer_zero(seed: int) -> None:
    kernel = kernels(seed, (7,))["k1"].numpy()
    correlation = np.fft.irfft(np.abs(np.fft.rfft(kernel, n=32)) ** 2, n=32)
    made = minimum_phase(correlation, 7)
    assert np.allclose(np.abs(np.fft.rfft(made, n=32)), np.abs(np.fft.rfft(kernel, n=32)), atol=1e-6)
    assert np.abs(np.roots(made)).max() < 1 + 1e-6


@each_seed(15)
def test_an_exchange_of_zeros_keeps_the_convolution_and_the_lengths(seed: int) -> None:
    truth = [value.numpy() for value in kernels(seed, (5, 4, 3)).values()]
    composite = functools.reduce(np.convolve, truth)
    swapped = exchanges(truth)
    for made in swapped:
        assert [len(kernel) for kernel in made] == [5, 4, 3]
        assert np.allclose(functools.reduce(np.convolve, made), composite, atol=1e-8)
        assert any(not np.allclose(a, b) for a, b in zip(made, truth, strict=True))


@each_seed(10)
def test_exchanges_reach_every_solution_of_two_kernels(seed: int) -> None:
    start = [value.numpy() for value in kernels(seed, (4, 3)).values()]

    def name(pair: list[np.ndarray]) -> tuple[float, ...]:
        unit = pair[0] / np.linalg.norm(pair[0])
        return tuple(np.round(unit * np.sign(unit[np.abs(unit).argmax()]), 5) + 0.0)

    seen, waiting = {name(start)}, [start]
    while waiting:
        for made in exchanges(waiting.pop()):
            if name(made) not in seen:
                seen.add(name(made))
                waiting.append(made)
    assert len(seen) == count_solutions(np.convolve(*start), (4, 3))


@each_seed(15)
def test_a_common_divisor_is_found(seed: int) -> None:
    *own, shared = (value.numpy() for value in kernels(seed, (5, 5, 5, 4)).values())
    *cofactors, divisor = common_divisor([np.convolve(one, shared) for one in own], 5, 4)
    for made, one in zip([*cofactors, divisor], [*own, shared], strict=True):
        assert abs(made @ one) / np.linalg.norm(made) / np.linalg.norm(one) > 1 - 1e-6
    assert np.allclose(convolution_matrix(shared, 5) @ own[0], np.convolve(shared, own[0]))


@each_seed(15)
def test_two_covariances_give_their_common_matrix(seed: int) -> None:
    generator = np.random.default_rng(seed)
    B, powers = generator.standard_normal((4, 4)), generator.uniform(0.5, 2, (3, 4))
    covariances = np.einsum("ij,ej,kj->eik", B, powers, B)
    *sources, made = diagonalised(covariances, np.eye(3)[:2])
    for source, covariance in zip(sources, covariances, strict=True):
        assert np.allclose(made @ np.diag(source**2) @ made.T, covariance, atol=1e-8 * np.linalg.cond(B) ** 2)


@each_seed(15)
def test_a_kernel_of_minimum_phase_has_its_cepstrum(seed: int) -> None:
    taps = np.random.default_rng(seed).standard_normal(6)
    spectrum = np.abs(np.fft.rfft(taps, n=64)) ** 2 + 0.05
    made = _minimum_phase(np.fft.irfft(np.log(spectrum), n=64))
    assert np.allclose(np.abs(np.fft.rfft(made)) ** 2, spectrum)


def test_balanced_starts_conserve_nothing_but_zero() -> None:
    full = balanced(problem_of("full-cascade-small", SEEDS).start())
    assert torch.allclose(torch.fft.rfft(full["k1"]).abs(), torch.fft.rfft(full["k2"]).abs())
    assert not torch.allclose(full["k1"], full["k2"])
    matrices = balanced(problem_of("linear-gaussian-natural", SEEDS).start())
    A, B = matrices["A"], matrices["B"]
    assert torch.allclose(A @ A.mT, B.mT @ B)
    fir = balanced(problem_of("fir-natural", SEEDS).start())
    assert torch.allclose(fir["k1"].norm(dim=-1), fir["k2"].norm(dim=-1))


def test_a_balanced_start_ends_balanced() -> None:
    solution = fitted("balanced-init", "full-cascade-large", SEEDS)
    assert solution.parameters is not None
    ratio = truth_of("full-cascade-large", SEEDS).model.log_generic_ratio(solution.parameters)
    balance = fitted("gradient-descent", "full-cascade-large", SEEDS).parameters
    assert balance is not None
    assert bool((ratio > truth_of("full-cascade-large", SEEDS).model.log_generic_ratio(balance)).all())


@pytest.mark.parametrize("method", ["levenberg-marquardt", "root-search-independent", "root-search-min-norm"])
def test_fits_to_machine_precision(method: str) -> None:
    assert float(errors(method, "fir-natural", tuple(range(10_000, 10_016)))["fit_error"].median()) < 1e-12


def test_root_search_finds_generic_truths() -> None:
    metrics = errors("root-search-independent", "fir-generic", tuple(range(10_000, 10_016)))
    assert float(metrics["log_generic_ratio"].abs().max()) <= 0.001
    assert float(metrics["exact"].mean()) > 0.85


@pytest.mark.parametrize(
    ("method", "task"),
    [
        ("approximate-gcd", "environments-2"),
        ("approximate-gcd", "environments-2:observation=spectrum"),
        ("noise-aware-gcd", "environments-2"),
        ("joint-diagonalisation", "linear-environments"),
        ("joint-diagonalisation", "linear-environments-2"),
    ],
)
def test_a_closed_form_finds_what_is_identifiable(method: str, task: str) -> None:
    assert float(errors(method, task)["extrapolation_error"].median()) < 1e-6


def test_root_search_needs_no_phase() -> None:
    metrics = errors("root-search-min-norm", "fir-spectrum")
    assert float(metrics["fit_error"].max()) < 1e-8


def test_root_search_gives_up_on_a_replicate_alone() -> None:
    counts = errors("root-search-independent", "fir-natural")["fit_error"]
    solution = fitted("root-search-independent:limit=30", "fir-natural", SEEDS)
    found = fitted("root-search-independent", "fir-natural", SEEDS).details["solutions"]
    assert solution.parameters is not None
    finite = solution.parameters["k1"].isfinite().all(-1)
    assert finite.tolist() == (found <= 30).tolist()
    assert 0 < int(finite.sum()) < len(counts)


def test_no_solution_beats_the_choice_of_root_search_by_its_criterion() -> None:
    for name, method in (("independence", "independent"), ("norm", "min-norm"), ("flatness", "flat")):
        problem, pairs = enumerated(10_001)
        chosen = fitted(f"root-search-{method}", "fir-natural", (10_001,)).parameters
        assert chosen is not None
        model = ConvolutionCascade((9, 5), 64)
        every = CRITERIA[name](problem, pairs)
        scale = {key: value.unsqueeze(1) for key, value in chosen.items()}
        observed = problem.observations.norm(dim=-1) / model.mean(model.half_spectrum(chosen)).sqrt()
        scale["k1"] = scale["k1"] * observed.view(-1, 1, 1)
        assert float(CRITERIA[name](problem, scale)) <= float(every.min()) + 1e-6


def test_a_target_of_one_is_the_independence_penalty() -> None:
    one = fitted("target-ratio:ratio=1,steps=50", "fir-natural")
    other = fitted("independence-penalty:steps=50", "fir-natural")
    assert one.parameters is not None
    assert other.parameters is not None
    assert all(torch.allclose(one.parameters[name], other.parameters[name]) for name in one.parameters)


def test_the_augmented_lagrangian_meets_its_constraint_and_a_weak_penalty_does_not() -> None:
    seeds = tuple(range(10_000, 10_008))
    held = errors("constrained:steps=1500,strength=0.01,release=0", "fir-natural", seeds)["log_generic_ratio"].abs()
    penalised = errors("independence-penalty:steps=1500,strength=0.01,release=0", "fir-natural", seeds)[
        "log_generic_ratio"
    ].abs()
    assert float(held.median()) < 0.5 * float(penalised.median())


def test_a_faded_penalty_ends_nearer_to_the_data_than_one_that_stays() -> None:
    seeds = tuple(range(10_000, 10_008))
    faded = errors("independence-annealed:steps=1000,strength=0.3,release=0", "fir-natural", seeds)["fit_error"]
    stays = errors("independence-penalty:steps=1000,strength=0.3,release=0", "fir-natural", seeds)["fit_error"]
    assert float(faded.median()) < float(stays.median())


def test_early_stopping_keeps_what_fits_the_samples_held_out_best() -> None:
    problem = problem_of("fir-samples", SEEDS)
    model, unseen = truth_of("fir-samples", SEEDS).model, torch.arange(256)[204:].expand(len(SEEDS), -1)
    losses = []
    for every in (10, 100):  # looks at steps 0, 100 and 190 are among those of the first
        solution = get_method(f"early-stop:steps=200,every={every}").fit(problem_of("fir-samples", SEEDS))
        assert solution.parameters is not None
        losses.append(problem.loss(model.rescale(solution.parameters, 1 / problem._scale), unseen))
    assert bool((losses[0] <= losses[1]).all())
    assert bool((losses[0] < problem.loss(problem.start(), unseen)).all())


def test_basin_hopping_and_swaps_never_worsen_their_criterion() -> None:
    for method in ("basin-hopping:hops={},steps=300", "path-swap:swaps={},steps=300"):
        values = []
        for count in (1, 6):
            problem = problem_of("fir-natural", SEEDS)
            solution = get_method(method.format(count)).fit(problem)
            assert solution.parameters is not None
            model = truth_of("fir-natural", SEEDS).model
            inner = model.rescale(solution.parameters, 1 / problem._scale)
            values.append(CRITERIA["combined"](problem, {name: value.unsqueeze(1) for name, value in inner.items()}))
        assert bool((values[1] <= values[0] + 1e-6).all())


def test_an_average_of_one_start_is_that_start() -> None:
    truth = truth_of("fir-natural", SEEDS)
    one = fitted("averaging-min-norm:starts=1,steps=300", "fir-natural", SEEDS)
    other = fitted("multistart-min-norm:starts=1,steps=300", "fir-natural", SEEDS)
    for g in truth.family.scored[:5]:
        assert torch.allclose(one.law(g), other.law(g), rtol=1e-9)


def test_a_sharp_average_is_a_choice() -> None:
    truth = truth_of("fir-natural", SEEDS)
    chosen = fitted("multistart-min-norm:starts=4,steps=300", "fir-natural", SEEDS)
    sharp = Averaging(starts=4, steps=300, sharpness=1e9).fit(problem_of("fir-natural", SEEDS))
    for g in truth.family.scored[:3]:
        assert torch.allclose(sharp.law(g), chosen.law(g), rtol=1e-6, atol=1e-9)


def test_every_criterion_of_a_method_is_registered_or_refused() -> None:
    settings = {
        e.name: e.defaults["criterion"] for e in Catalogue.read().of_kind("method") if "criterion" in e.defaults
    }
    assert {value for value in settings.values() if value != "fit"} <= set(CRITERIA)
    with pytest.raises(Exception, match="criterion"):
        get_method("path-swap:criterion=nothing").fit(problem_of("fir-natural", SEEDS[:1]))


def test_path_swap_stands_at_a_solution() -> None:
    metrics = errors("path-swap", "fir-natural", tuple(range(10_000, 10_016)))
    assert float(metrics["fit_error"].median()) < 1e-12


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("homomorphic", "fir-natural"),
        ("homomorphic", "fir-samples"),
        ("root-search-flat", "fir-natural"),
        ("root-search-min-norm", "fir-spectrum"),
        ("path-swap", "fir-natural"),
        ("alternating-least-squares", "fir-natural"),
        ("approximate-gcd", "environments-2"),
        ("noise-aware-gcd", "environments-2"),
        ("joint-diagonalisation", "linear-environments"),
        ("fast-ica", "linear-gaussian-samples"),
    ],
)
def test_an_observation_that_is_not_finite_ends_no_other_replicate(name: str, task: str) -> None:
    """Libraries raise for a NaN where the shared loop does not."""
    catalogue = Catalogue.read()
    bench = Bench(resolve(catalogue, "method", quick(catalogue.find("method", name))), resolve(catalogue, "task", task))
    clean, poisoned = bench.run((0, 1, 2)), bench.run((0, 1, 2), poisoned=1)
    assert (poisoned.status, poisoned.reason) == ("ok", "")
    assert not all(bool(value.isfinite().all()) for value in poisoned.rows[1].values())
    for seed in (0, 2):
        for key, value in clean.rows[seed].items():
            assert torch.allclose(poisoned.rows[seed][key].double(), value.double(), rtol=1e-9, atol=1e-12)

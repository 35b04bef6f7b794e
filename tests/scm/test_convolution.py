"""The convolution cascade: spectra, intervened laws, generic ratio and invariants (THEORY 3.1)."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from draws import all_spectra, each_seed, kernels

from indmech_bench.scm.interventions import modulations
from indmech_bench.scm.models.convolution import ConvolutionCascade
from indmech_bench.scm.models.kernels import half_weights

CASCADES = [
    ConvolutionCascade(lengths, n, intervened)
    for n, lengths in ((11, (3, 2)), (16, (5, 4)), (17, (17, 17)), (32, (7, 5, 3)), (33, (4, 1, 6)), (64, (9, 5)))
    for intervened in range(len(lengths))
]


@pytest.mark.parametrize("model", CASCADES, ids=repr)
@each_seed(5)
def test_a_law_is_the_spectrum_of_the_kernels_modulated_in_time(model: ConvolutionCascade, seed: int) -> None:
    parameters = kernels(seed, model.lengths, 3)
    laws = torch.stack([model.law(parameters, g) for g in modulations(model.n).group], 1)
    assert np.allclose(laws.numpy(), all_spectra(model, parameters), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("model", CASCADES, ids=repr)
@each_seed(5)
def test_rho_is_the_power_over_its_mean_under_all_modulations(model: ConvolutionCascade, seed: int) -> None:
    parameters = kernels(seed, model.lengths, 3)
    contrasts = all_spectra(model, parameters).mean(-1)
    rho = model.log_generic_ratio(parameters).exp().numpy()
    assert np.allclose(rho, contrasts[:, 0] / contrasts.mean(-1), rtol=1e-11)


@each_seed()
def test_rho_is_one_when_a_kernel_is_a_single_delayed_tap(seed: int) -> None:
    parameters = kernels(seed, (9, 5), 2)
    parameters["k2"][:, [0, 1, 3, 4]] = 0.0
    assert torch.allclose(
        ConvolutionCascade((9, 5), 64).log_generic_ratio(parameters), torch.zeros(2).double(), atol=1e-13
    )


@each_seed()
def test_rho_and_law_of_many_starts_are_those_of_each(seed: int) -> None:
    model = ConvolutionCascade((6, 4), 32)
    parameters = kernels(seed, model.lengths, 2, 3)
    flat = {name: value.flatten(0, 1) for name, value in parameters.items()}
    assert torch.equal(model.log_generic_ratio(parameters).flatten(), model.log_generic_ratio(flat))
    g = modulations(32).group[5]
    assert torch.equal(model.law(parameters, g).flatten(0, 1), model.law(flat, g))


@pytest.mark.parametrize("n", [16, 17, 63, 64])
@pytest.mark.parametrize("replicates", range(2, 10))
def test_a_row_has_the_same_bits_alone_and_among_others(n: int, replicates: int) -> None:
    model = ConvolutionCascade((9, 5), n)
    together = kernels(n + replicates, model.lengths, replicates)
    for row in range(replicates):
        alone = {name: value[row : row + 1].clone() for name, value in together.items()}
        for function in (model.composite, model.log_generic_ratio, lambda p: model.law(p, modulations(n).group[3])):
            assert torch.equal(function(alone)[0], function(together)[row])


@pytest.mark.parametrize("n", [16, 17])
@each_seed()
def test_the_composite_is_the_transform_of_the_convolved_kernels(n: int, seed: int) -> None:
    model = ConvolutionCascade((5, 4, 3), n)
    parameters = kernels(seed, model.lengths, 1)
    k1, k2, k3 = (value[0].numpy() for value in parameters.values())
    expected = np.fft.fft(np.convolve(np.convolve(k1, k2), k3), n)[: n // 2 + 1]
    assert np.allclose(model.composite(parameters)[0].numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("n", [2, 3, 16, 17, 64])
def test_half_weights_turn_a_sum_over_half_the_bins_into_the_mean_over_all(n: int) -> None:
    power = np.abs(np.fft.fft(np.random.default_rng(n).standard_normal(n))) ** 2
    weights = half_weights(n, torch.float64, torch.device("cpu")).numpy()
    assert np.isclose((weights * power[: n // 2 + 1]).sum(), power.mean(), rtol=1e-13)


@pytest.mark.parametrize("intervened", [0, 1])
@each_seed()
def test_rescaling_multiplies_the_output_by_the_factor(intervened: int, seed: int) -> None:
    model = ConvolutionCascade((6, 4), 32, intervened)
    parameters = kernels(seed, model.lengths, 3)
    factor = torch.tensor([0.5, -2.0, 3.0], dtype=torch.float64)
    rescaled = model.rescale(parameters, factor)
    assert torch.allclose(model.composite(rescaled), factor[:, None] * model.composite(parameters), rtol=1e-12)
    assert torch.equal(rescaled["k2"], parameters["k2"])


@each_seed()
def test_invariants_rebuild_every_intervened_law(seed: int) -> None:
    model = ConvolutionCascade((6, 4, 3), 33, intervened=1)
    parameters = kernels(seed, model.lengths, 2)
    phi = model.invariants(parameters)
    power = phi["log_power"].exp()
    for g in modulations(33).group:
        assert torch.allclose(g.act(phi["intervened"]) * phi["rest"] * power, model.law(parameters, g), rtol=1e-11)


@each_seed()
def test_invariants_do_not_see_zeros_exchanged_among_the_other_kernels(seed: int) -> None:
    generator = np.random.default_rng(seed)
    one, two, shared = generator.standard_normal((3, 3))
    extra = generator.standard_normal(2)
    k1 = torch.from_numpy(generator.standard_normal((1, 5)))
    model = ConvolutionCascade((5, 4, 5), 32)

    def placed(second: np.ndarray, third: np.ndarray) -> dict[str, torch.Tensor]:
        k2, k3 = np.convolve(second, extra), np.convolve(third, shared)
        return {"k1": k1, "k2": torch.from_numpy(k2[None]), "k3": torch.from_numpy(k3[None])}

    before, after = model.invariants(placed(one, two)), model.invariants(placed(two, one))
    for block, value in before.items():
        assert torch.allclose(after[block], value, rtol=1e-9, atol=1e-11)


@each_seed()
def test_invariants_see_zeros_exchanged_with_the_intervened_kernel(seed: int) -> None:
    model = ConvolutionCascade((4, 4, 4), 32, intervened=2)
    parameters = kernels(seed, model.lengths, 1)
    exchanged = {"k1": parameters["k3"], "k2": parameters["k2"], "k3": parameters["k1"]}
    before, after = model.invariants(parameters), model.invariants(exchanged)
    identity = modulations(32).identity
    assert torch.allclose(model.law(parameters, identity), model.law(exchanged, identity))
    assert (before["intervened"] - after["intervened"]).norm() > 1e-3 * before["intervened"].norm()

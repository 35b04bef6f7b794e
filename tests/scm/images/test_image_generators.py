"""Decoders of images: what they make, what a stretch of their maps makes, their rho, and how they are compared."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from indmech_bench import audit
from indmech_bench.networks.hidden.hidden_maps import stretch
from indmech_bench.scm.generators.adversarial import critic_of
from indmech_bench.scm.generators.architecture import Architecture, architecture
from indmech_bench.scm.generators.model import IMAGES, TRAINING, GeneratorModel, row_of
from indmech_bench.scm.generators.moments import GaussianImages, moments
from indmech_bench.scm.generators.variational import evidence_loss
from indmech_bench.scm.interventions import HiddenStretch

NETWORKS = {"few-channel": architecture("few-channel", 8, 1, 3), "strided": architecture("strided", 16, 3, 3)}
each_network = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)


def drawn(model: GeneratorModel, replicates: int = 2) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(5)
    return {
        name: torch.randn(replicates, *shape, generator=generator, dtype=torch.float64) * model.start_scales[name]
        for name, shape in model.shapes.items()
    }


def normal(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(6), dtype=torch.float64)


def module_of(network: Architecture, parameters: dict[str, Tensor], side: str) -> nn.Sequential:
    """The same layers by torch's own modules, with these weights."""
    layers: list[nn.Module] = []
    if side == "decoder":
        first = network.channels[0] * network.base**2
        layers += [nn.Linear(network.codes, first), nn.Unflatten(1, (network.channels[0], network.base, network.base))]
        for inputs, outputs in zip(network.channels, network.channels[1:], strict=False):
            layers += [nn.ReLU(), nn.ConvTranspose2d(inputs, outputs, network.taps, network.stride, network.padding)]
    else:
        for inputs, outputs in zip(network.channels[:0:-1], network.channels[-2::-1], strict=True):
            layers += [nn.Conv2d(inputs, outputs, network.taps, network.stride, network.padding), nn.ReLU()]
        layers += [nn.Flatten(), nn.Linear(network.channels[0] * network.base**2, 2 * network.codes)]
    module = nn.Sequential(*layers).double()
    weighted = [layer for layer in module if hasattr(layer, "weight")]
    with torch.no_grad():
        for number, layer in enumerate(weighted):
            weight, bias = parameters[f"{side}.{number}.weight"], parameters[f"{side}.{number}.bias"]
            if isinstance(layer, nn.Linear):
                weight = weight.flatten(1).mT if side == "decoder" else weight.flatten(0, 2).mT
            layer.weight.copy_(weight)
            layer.bias.copy_(bias.flatten())
    return module.eval()


@each_network
def test_a_decoder_is_what_torch_makes_of_its_layers(network: Architecture) -> None:
    own = row_of(drawn(GeneratorModel(network)), 1)
    codes = normal(5, network.codes)
    assert torch.allclose(network.decoded(own, codes), module_of(network, own, "decoder")(codes), atol=1e-12)


@each_network
def test_an_encoder_is_what_torch_makes_of_its_layers(network: Architecture) -> None:
    own = row_of(drawn(GeneratorModel(network)), 1)
    images = normal(5, network.colours, network.size, network.size)
    made = torch.cat(network.encoded(own, images), -1)
    assert torch.allclose(made, module_of(network, own, "encoder")(images), atol=1e-12)


@each_network
def test_a_stretched_level_is_that_of_any_network(network: Architecture) -> None:
    own, codes = row_of(drawn(GeneratorModel(network)), 0), normal(4, network.codes)
    module = module_of(network, own, "decoder")
    names = [name for name, layer in module.named_modules() if isinstance(layer, nn.ConvTranspose2d)]
    for level, name in enumerate(names):
        made = stretch(module, name, 1.5)(codes)
        assert torch.allclose(network.decoded(own, codes, level, 1.5), made, atol=1e-12)


@each_network
def test_log_rho_is_that_of_an_audit(network: Architecture) -> None:
    model = GeneratorModel(network)
    parameters = drawn(model)
    table = audit(module_of(network, row_of(parameters, 1), "decoder"), permutations=9).table
    assert float(model.log_generic_ratio(parameters)[1]) == pytest.approx(float(table["log_rho"].mean()), abs=1e-10)
    counts = [network.channels[0], *network.widths[1:]]
    assert model.log_generic_ratios(parameters).shape == (2, sum(counts))


def test_log_rho_of_an_encoders_convolutions_is_that_of_an_audit() -> None:
    network = NETWORKS["strided"]
    model = GeneratorModel(network)
    parameters = drawn(model)
    first, second = network.pairs(parameters, "encoder")[0]
    found = model.pairing_effect(parameters, "encoder")
    module = module_of(network, row_of(parameters, 0), "encoder")
    audited = audit(module, permutations=9).table
    from indmech_bench.scm.images.autocorrelations import channel_ratios

    own = channel_ratios(first, second, network.stride, "encoder").log().mean(-1)
    assert float(own[0]) == pytest.approx(float(audited["log_rho"][0]), abs=1e-10)
    assert found.shape == (2,)


@each_network
def test_no_row_of_rho_depends_on_its_neighbours(network: Architecture) -> None:
    model = GeneratorModel(network)
    parameters = drawn(model, 3)
    alone = {name: value[2:] for name, value in parameters.items()}
    assert torch.equal(model.log_generic_ratios(parameters)[2], model.log_generic_ratios(alone)[0])


@each_network
def test_rescaling_scales_pictures_and_keeps_codes(network: Architecture) -> None:
    model = GeneratorModel(network)
    parameters, factor = drawn(model), torch.tensor([2.0, 0.3], dtype=torch.float64)
    louder = model.rescale(parameters, factor)
    beside = factor.view(2, 1, 1, 1, 1)
    assert torch.allclose(model.samples(louder), beside * model.samples(parameters), atol=1e-12)
    images = normal(2, 6, network.colours, network.size, network.size)
    assert torch.allclose(model.encoded(louder, beside * images), model.encoded(parameters, images), atol=1e-12)
    assert torch.allclose(model.log_generic_ratios(louder), model.log_generic_ratios(parameters), atol=1e-10)


def test_the_evidence_loss_is_that_of_torchs_distributions() -> None:
    network = NETWORKS["strided"]
    own, images, normals = row_of(drawn(GeneratorModel(network)), 0), normal(7, 3, 16, 16), normal(7, 3)
    noise = torch.tensor(0.3, dtype=torch.float64)
    mean, log_std = network.encoded(own, images)
    decoded = network.decoded(own, mean + log_std.exp() * normals)
    prior = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    bound = Normal(decoded, noise.sqrt()).log_prob(images).flatten(1).sum(-1)
    bound = bound - kl_divergence(Normal(mean, log_std.exp()), prior).sum(-1)
    pixels = images[0].numel()
    constant = Normal(images, noise.sqrt()).log_prob(images).flatten(1).sum(-1)
    expected = (-2 * noise / pixels * (bound - constant)).mean()
    assert float(evidence_loss(network, own, images, normals, noise)) == pytest.approx(float(expected), rel=1e-10)


def test_a_world_is_stretched_pixel_by_pixel_whatever_the_level() -> None:
    model = GeneratorModel(NETWORKS["strided"], "adversary")
    world = {IMAGES: normal(2, 9, 3, 16, 16), TRAINING: normal(2, 9, 3, 16, 16)}
    laws = model.laws(world)
    assert torch.equal(laws(HiddenStretch(1, 1.5)), laws(HiddenStretch(2, 1.5)))
    assert torch.equal(laws(HiddenStretch(1, 1.5)), model.output_laws(world)(HiddenStretch(1, 1.5)))


def test_an_autoencoder_decodes_the_codes_of_the_images_beside_it() -> None:
    model = GeneratorModel(NETWORKS["few-channel"])
    parameters, images = drawn(model), normal(2, 5, 1, 8, 8)
    made = model.samples({**parameters, IMAGES: images})
    own = row_of(parameters, 1)
    expected = model.architecture.decoded(own, model.architecture.encoded(own, images[1])[0])
    assert torch.allclose(made[1], expected, atol=1e-12)


def test_the_distance_of_gaussians_is_that_of_their_samples_limit() -> None:
    space = GaussianImages()
    one, other = normal(400, 2, 3), 1.3 * normal(400, 2, 3).flip(0) + 0.4
    laws = [moments(pictures) for pictures in (one, other)]
    assert float(space.divergence(laws[0], laws[0])) == pytest.approx(0, abs=1e-10)
    assert float(space.divergence(*laws)) == pytest.approx(float(space.divergence(laws[1], laws[0])), rel=1e-9)
    shifted = moments(one + 2.0)
    assert float(space.divergence(laws[0], shifted)) == pytest.approx(4.0, rel=1e-8)
    louder = moments(3 * (one - one.mean(0)))
    centred = moments(one - one.mean(0))
    spread = float((one - one.mean(0)).square().sum((1, 2)).mean() / 6)
    assert float(space.divergence(centred, louder)) == pytest.approx(4 * spread, rel=1e-8)


def test_the_centre_of_laws_is_no_further_than_any_of_them() -> None:
    space = GaussianImages()
    laws = torch.stack([moments(scale * normal(300, 2, 2).roll(k, 0) + k) for k, scale in enumerate((1.0, 2.0, 0.5))])
    centre = space.centre(laws.unsqueeze(0))
    total = space.divergence(laws, centre).sum()
    assert all(float(total) <= float(space.divergence(laws, law).sum()) + 1e-12 for law in laws)


def test_white_noise_of_a_law_has_its_power() -> None:
    space, law = GaussianImages(), moments(normal(50, 3, 2) + 1)
    assert float(space.power(space.white(law))) == pytest.approx(float(space.power(law)), rel=1e-12)


def test_no_layer_of_a_critic_stretches_by_more_than_one() -> None:
    network = NETWORKS["strided"]
    critic = critic_of(network, 3).double().train()
    for _ in range(50):
        critic(normal(4, 3, 16, 16))
    for layer in critic:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            assert float(torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2)) == pytest.approx(1, abs=0.02)


def test_critics_of_one_seed_are_one() -> None:
    network = NETWORKS["few-channel"]
    torch.manual_seed(1)
    one, before = critic_of(network, 3), torch.random.get_rng_state()
    torch.manual_seed(2)
    other = critic_of(network, 3)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    torch.manual_seed(1)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_networks_are_compared_by_their_architecture() -> None:
    model = GeneratorModel(NETWORKS["strided"])
    assert hash(model) == hash(replace(model))
    assert model != replace(model, learnt="adversary")
    assert "encoder.0.weight" not in replace(model, learnt="adversary").shapes

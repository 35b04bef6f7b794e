"""Adversarial pairs: a decoder against a critic, by the hinge loss."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from indmech_bench.scm.generators.architecture import Architecture
from indmech_bench.scm.generators.seen import SeenImages
from indmech_bench.scm.parameters import Parameters

CRITIC_RATE, CRITIC_BETAS = 1e-3, (0.5, 0.9)
LEAK = 0.2
CRITICS_OWN = 4093
"""Where in the pool a critic's codes begin, away from those of the decoder's step."""


def critic_of(architecture: Architecture, seed: int) -> nn.Sequential:
    """The decoder's layers the other way round, with spectral norm, and one number at the end.

    Source: Miyato, Kataoka, Koyama, Yoshida (ICLR 2018); torch.nn.utils.parametrizations.spectral_norm.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers: list[nn.Module] = []
        channels = architecture.channels
        for inputs, outputs in zip(channels[:0:-1], channels[-2::-1], strict=True):
            conv = nn.Conv2d(inputs, outputs, architecture.taps, architecture.stride, architecture.padding)
            layers += [spectral_norm(conv), nn.LeakyReLU(LEAK)]
        last = nn.Linear(channels[0] * architecture.base**2, 1)
        return nn.Sequential(*layers, nn.Flatten(), spectral_norm(last))


@dataclass(frozen=True, eq=False)
class AdversarialImages(SeenImages):
    """Images that a critic tells from those of the decoder: loss -mean critic(decoder(z)), for the critic as it is.

    `update_nuisance` moves the critic: mean max(0, 1 - critic(x)) + mean max(0, 1 + critic(decoder(z))) by Adam. The
    critics are no parameters: they live and die with the observation, one a replicate.

    seeds: of the critics' starts.
    Source: Miyato, Kataoka, Koyama, Yoshida (ICLR 2018), for the hinge loss, too.
    """

    nuisance_forwards: ClassVar[int] = 1

    seeds: tuple[int, ...] = ()
    pairs: list[tuple[nn.Sequential, torch.optim.Adam]] = field(default_factory=list)

    def critic(self, r: int) -> tuple[nn.Sequential, torch.optim.Adam]:
        """A replicate's critic and what moves it, made when first asked for."""
        while len(self.pairs) < len(self.images):
            critic = critic_of(self.model.architecture, self.seeds[len(self.pairs)])
            critic = critic.to(self.images.device, self.images.dtype)
            self.pairs.append((critic, torch.optim.Adam(critic.parameters(), lr=CRITIC_RATE, betas=CRITIC_BETAS)))
        return self.pairs[r]

    def loss_of(self, r: int, parameters: Parameters, indices: Tensor) -> Tensor:
        critic, _ = self.critic(r)
        critic.eval().requires_grad_(False)  # looking at a loss moves no power iteration
        made = self.model.architecture.decoded(parameters, self.normals(r, indices))
        return -critic(made).mean()

    def update_nuisance(self, parameters: Parameters, batch: Tensor | None) -> None:
        self.check_starts(parameters)
        for r in range(len(self.images)):
            indices = torch.arange(min(self.batch, self.samples)) if batch is None else batch[r]
            critic, optimiser = self.critic(r)
            critic.train().requires_grad_(True)
            own = {name: value[r].detach() for name, value in parameters.items()}
            made = self.model.architecture.decoded(own, self.normals(r, indices, CRITICS_OWN))
            optimiser.zero_grad()
            wrong = (1 - critic(self.images[r, indices])).relu().mean() + (1 + critic(made)).relu().mean()
            wrong.backward()
            optimiser.step()

    def nuisance_state(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Weights of each replicate's critic, and its Adam state."""
        return [copy.deepcopy((critic.state_dict(), optimiser.state_dict())) for critic, optimiser in self.pairs]

    def set_nuisance_state(self, state: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        for r, (weights, moments) in enumerate(state):
            critic, optimiser = self.critic(r)
            critic.load_state_dict(weights)
            optimiser.load_state_dict(copy.deepcopy(moments))

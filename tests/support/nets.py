"""A small seeded generator, and pairs of layers whose channels belong together."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from indmech_bench.tasks.generators.dcgan import DCGAN

HIDDEN = 24


def small_generator(seed: int = 0) -> tuple[DCGAN, Tensor]:
    """Four transposed convolutions, 5 latents to pictures 3 x 32 x 32, with statistics of a batch; and 6 latents."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = DCGAN((5, 12, 10, 8, 3))
        module(torch.randn(64, 5, 1, 1))
        return module.eval(), torch.randn(6, 5, 1, 1)


def planted_pair(re_paired: bool = False) -> nn.Sequential:
    """Two transposed convolutions: the kernels of even channels are smooth in both, those of odd ones in neither.

    re_paired: the second layer takes smooth channels half of the time where they are not.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        module = nn.Sequential(
            nn.ConvTranspose2d(6, HIDDEN, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(HIDDEN, 5, 4, 2, 1)
        )
        order = torch.randperm(HIDDEN)
        with torch.no_grad():
            for kernels in (module[0].weight.transpose(0, 1), module[2].weight):
                kernels[::2] = kernels[::2].mean((-2, -1), keepdim=True)
            if re_paired:
                module[2].weight.copy_(module[2].weight[order].clone())
    return module

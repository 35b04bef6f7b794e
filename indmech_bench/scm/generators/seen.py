"""Images that a network is trained on, by minibatches; what variational and adversarial training share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from indmech_bench.errors import UnsupportedError
from indmech_bench.scm.generators.model import GeneratorModel
from indmech_bench.scm.parameters import Parameters

CHUNK = 256
"""Images that go through a network at once where all of them are asked for."""
NEAR = 1.01
"""A network fits as well as the best where its loss is at most so many times as large."""
ODD = 2654435761
"""Knuth's multiplier: it spreads the sums of indices over the pool."""


@dataclass(frozen=True, eq=False)
class SeenImages:
    """Images (R, N, C, n, n) with a pool (R, P, d) of standard normal numbers, for the codes of a step.

    What a minibatch draws from the pool is a function of the images in it: a loss is a function of parameters and
    minibatch alone.

    batch: images that a step sees where a method does not say.
    """

    kind: ClassVar[str] = "photographs"
    nuisance_forwards: ClassVar[int] = 0
    """Forward passes, with gradient, that `update_nuisance` costs a step."""

    model: GeneratorModel
    images: Tensor
    pool: Tensor
    batch: int = 64

    @property
    def samples(self) -> int:
        return self.images.shape[1]

    @property
    def shown(self) -> Tensor:
        return self.images

    def normalised(self, dtype: torch.dtype) -> tuple[Self, Tensor]:
        """The same with mean power 1 in this dtype, and the divisors (R,) that made it so."""
        scale = self.images.double().square().mean((1, 2, 3, 4)).sqrt()
        images = (self.images / scale[:, None, None, None, None]).to(dtype)
        return replace(self, images=images, pool=self.pool.to(dtype)), scale

    def loss(self, parameters: Parameters, batch: Tensor | None = None) -> Tensor:
        """Fit loss (R,). Raises UnsupportedError for starts side by side."""
        self.check_starts(parameters)
        rows = []
        for r in range(len(self.images)):
            own = {name: value[r] for name, value in parameters.items()}
            parts = [(len(indices), self.loss_of(r, own, indices)) for indices in self._parts(r, batch)]
            rows.append(sum(count * value for count, value in parts) / sum(count for count, _ in parts))
        return torch.stack(rows)  # type: ignore[arg-type]

    def check_starts(self, parameters: Parameters) -> None:
        """Raises UnsupportedError for starts side by side."""
        if parameters["decoder.0.bias"].dim() != 1 + len(self.model.shapes["decoder.0.bias"]):
            raise UnsupportedError("networks are trained from one start")

    def loss_of(self, r: int, parameters: Parameters, indices: Tensor) -> Tensor:
        """The loss of one replicate on images of these indices (m,), a number."""
        raise NotImplementedError

    def update_nuisance(self, parameters: Parameters, batch: Tensor | None) -> None:
        """A step of what is trained against the parameters: nothing."""

    def nuisance_state(self) -> Any:
        """A copy of where that stands, for `set_nuisance_state`: nothing."""
        return None

    def set_nuisance_state(self, state: Any) -> None:
        """Go on from there."""

    def normals(self, r: int, indices: Tensor, offset: int = 0) -> Tensor:
        """Standard normal numbers (m, d) of a minibatch; another offset gives others."""
        size = self.pool.shape[1]
        first = (int(indices.sum()) * ODD + offset) % size
        return self.pool[r, (torch.arange(len(indices), device=indices.device) + first) % size]

    def _parts(self, r: int, batch: Tensor | None) -> Iterator[Tensor]:
        if batch is not None:
            yield batch[r]
        else:
            yield from torch.arange(self.samples, device=self.images.device).split(CHUNK)

    def residuals(self, parameters: Parameters) -> Tensor:
        raise UnsupportedError("the loss of a network is no sum of squares of residuals")

    features = residuals

    def fits(self, losses: Tensor) -> Tensor:
        finite = torch.where(losses.isnan(), torch.inf, losses)
        best = finite.min(-1, keepdim=True).values
        return (finite <= best + (NEAR - 1) * best.abs()) & finite.isfinite()

"""Pictures in colour: whole faces, their parts laid over each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from torch import Tensor

from indmech_bench.scm.images.fluo import FluoModel
from indmech_bench.scm.observations.fitting import over_starts
from indmech_bench.scm.observations.images import Images
from indmech_bench.scm.parameters import Parameters


@dataclass(frozen=True, eq=False)
class Pictures(Images):
    """Images (R, F, 3, n, n) of F faces in colour: loss |X_theta - X|^2 / |X|^2."""

    kind: ClassVar[str] = "pictures"

    model: FluoModel

    @cached_property
    def _energy(self) -> Tensor:
        """|X|^2, (R,)."""
        return self.images.square().flatten(1).sum(-1)

    def loss(self, parameters: Parameters, batch: Tensor | None = None) -> Tensor:
        images = self.model.images(parameters)
        shown = self.images.unsqueeze(1) if images.dim() > self.images.dim() else self.images
        difference = (images - shown).square().flatten(-4).sum(-1)
        return difference / over_starts(self._energy, difference)

"""What a method gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor

from indmech_bench.scm.interventions import Intervention


@dataclass(frozen=True, eq=False)
class Solution:
    """A predictor of intervened laws; with parameters where it has any.

    `law(g)` gives the law of the output under the intervention g, batched: for convolutions the power spectra (R, n),
    for linear Gaussians the covariances (R, d, d), for faces the images (R, F, P, n, n). `details` is the method's own
    account of the run, one value (R,) a name. `path` holds parameters on the way, by step, for tasks that ask how
    training moves.
    """

    law: Callable[[Intervention], Tensor]
    parameters: dict[str, Tensor] | None = None
    details: dict[str, Tensor] = field(default_factory=dict)
    path: dict[int, dict[str, Tensor]] = field(default_factory=dict)

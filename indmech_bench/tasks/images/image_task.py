"""What tasks of images have in common, unless they say else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from indmech_bench.scm.interventions import Family, layout_stretches
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.protocol import TaskBase
from indmech_bench.tasks.truth import Truth


class ImageTask(TaskBase):
    """Layouts are stretched; images have a phase; log rho is what is known of a truth."""

    @property
    def phase(self) -> bool:
        return True

    def interventions(self, streams: Streams) -> Family:
        return layout_stretches()

    def check(self) -> None:
        """All settings in their ranges are allowed."""

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        return {"log_generic_ratio": truth.model.log_generic_ratio(truth.parameters).tolist()}

"""Real images, and the networks that are trained on them here (docs/deep.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from indmech_bench.errors import InputError, unknown
from indmech_bench.registry.registration import register_task
from indmech_bench.scm.generators.adversarial import AdversarialImages
from indmech_bench.scm.generators.architecture import NETWORKS, architecture
from indmech_bench.scm.generators.model import IMAGES, TRAINING, GeneratorModel
from indmech_bench.scm.generators.seen import SeenImages
from indmech_bench.scm.generators.variational import VariationalImages
from indmech_bench.scm.interventions import Family, Intervention
from indmech_bench.scm.parameters import Parameters
from indmech_bench.scm.streams import Streams
from indmech_bench.tasks.datasets.shipped import SHIPPED
from indmech_bench.tasks.protocol import TaskBase
from indmech_bench.tasks.sampling import unit_power
from indmech_bench.tasks.trained.floors import floors
from indmech_bench.tasks.trained.splits import all_images, drawn_world
from indmech_bench.tasks.trained.use import accuracies_without_network, accuracy_with_network
from indmech_bench.tasks.truth import Truth

LEARNT = ("autoencoder", "adversary")
SIZES = (8, 16, 24, 32, 48, 64)
POOL = 8192


@register_task("digits-vae", version=1)
@register_task("digits-strided-vae", version=1, network="strided")
@register_task("digits-gan", version=1, network="strided", learnt="adversary")
@register_task("faces-vae", version=1, images="faces", codes=16, batch=32)
@register_task("faces-strided-vae", version=1, images="faces", network="strided", codes=16, batch=32)
@register_task("textures-vae", version=1, images="textures", codes=32)
@register_task("textures-strided-vae", version=1, images="textures", network="strided", codes=32)
@register_task("textures-gan", version=1, images="textures", network="strided", learnt="adversary", codes=32)
@dataclass(frozen=True)
class ImageNetwork(TaskBase):
    """A generator of real images, trained here: a variational autoencoder, or a decoder against a critic.

    A quarter of the images, of a seed's own, is never trained on. What is true of the world's mechanisms is not known:
    scored is how far the layout of samples, hidden maps stretched by 1.5 along rows, is from that of these images
    stretched pixel by pixel, in blocks too large to show fine structure; rows also say how far fine structure moves.
    `facts` give the floors of Fréchet distances, between images trained on and not, and what a classifier can do alone.

    images: `digits` (8 x 8), `faces` (24 x 24), `textures` (16 x 16), or the path of a folder of images.
    network: `few-channel` (three channels of maps as large as the image, two convolutions 5 x 5) or `strided` (from 2
        to 4 places along an axis up, every transposed convolution 4 x 4 doubling the maps).
    learnt: by an `autoencoder` (evidence lower bound; the encoder is a nuisance) or an `adversary` (hinge loss).
    codes: numbers in a code.
    size: pixels along an axis, of images of a folder.
    most: images that are used of a set, at most.
    batch: images that a step sees where a method does not say.
    Source: docs/deep.md, after the experiments of Besserve et al. (AAAI 2021) on trained generators.
    """

    family: ClassVar[str] = "image-networks"
    observation: ClassVar[str] = "photographs"
    intervention: ClassVar[str] = "stretch of hidden maps"
    genericity: ClassVar[str] = "modulation of each hidden channel in the plane"
    solutions: ClassVar[str] = "continuum"
    independence: ClassVar[str] = "not known: images of the world"
    mechanisms_known: ClassVar[bool] = False
    ranges: ClassVar[dict[str, str]] = {"codes": "[1, 512]", "most": "[32, 1000000]", "batch": "[2, inf)"}

    images: str = "digits"
    network: str = "few-channel"
    learnt: str = "autoencoder"
    codes: int = 8
    size: int = 32
    most: int = 4096
    batch: int = 64

    @property
    def start_scale(self) -> float:  # type: ignore[override]
        """That of networks with ReLU."""
        return 1.0

    def check(self) -> None:
        if self.network not in NETWORKS:
            raise unknown("network", self.network, NETWORKS)
        if self.learnt not in LEARNT:
            raise unknown("way to learn", self.learnt, LEARNT)
        if self.size not in SIZES:
            raise InputError(f"size {self.size} of images must be {', '.join(map(str, SIZES[:-1]))} or {SIZES[-1]}.")
        if self.images not in SHIPPED:
            all_images(self.images, self.size, self.most)

    @property
    def model(self) -> GeneratorModel:
        images, _ = all_images(self.images, self.size, self.most)
        colours, size = images.shape[1:3]
        return GeneratorModel(architecture(self.network, size, colours, self.codes), self.learnt)

    @property
    def phase(self) -> bool:
        return True

    def interventions(self, streams: Streams) -> Family:
        return self.model.family()

    def sample(self, streams: Streams) -> dict[str, Tensor]:
        """The world in the place of parameters (see `GeneratorModel`). Raises UnsupportedError without the images."""
        world = drawn_world(*all_images(self.images, self.size, self.most), streams)
        return unit_power(self.model, self.model.family(), world)

    def observe(self, parameters: dict[str, Tensor], streams: Streams) -> SeenImages:
        pool = streams.randn("pool", POOL, self.codes)
        if self.learnt == "autoencoder":
            return VariationalImages(self.model, parameters[TRAINING], pool, self.batch)
        return AdversarialImages(self.model, parameters[TRAINING], pool, self.batch, streams.integers("critic"))

    def facts(self, truth: Truth) -> Mapping[str, Sequence[float | None]]:
        """No log rho; floors of the errors, and what a classifier of digits can do without a network."""
        unknown_ratio: list[float | None] = [None] * len(truth.parameters[IMAGES])
        return {"log_generic_ratio": unknown_ratio, **floors(truth), **accuracies_without_network(truth)}

    def use(self, truth: Truth, law: Callable[[Intervention], Tensor], parameters: Parameters | None) -> Tensor | None:
        """Accuracy, on stretched digits, of a classifier that a network's stretched samples teach: (R,); else None."""
        return accuracy_with_network(truth, parameters)

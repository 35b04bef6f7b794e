"""Maps on one mechanism: the families that tasks are scored on, each with its identity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor


class KernelIntervention:
    """A map on the kernel of one mechanism. Those of a task's own are frozen dataclasses of this base."""

    def acted(self, power: Tensor, taps: Tensor | None, n: int) -> Tensor:
        """Power spectrum (..., n) of the kernel after it. Raises TypeError where it needs taps and there are none.

        Args:
            power: that before it, (..., n).
            taps: of the kernel, (..., L); None where only its spectrum is known.
            n: length of the signal.
        """
        raise NotImplementedError


def _required(g: KernelIntervention, taps: Tensor | None) -> Tensor:
    if taps is None:
        raise TypeError(f"{g} acts on taps, and only a spectrum is known")
    return taps


@dataclass(frozen=True)
class Modulation(KernelIntervention):
    """Multiply the kernel of mechanism k by exp(2 pi i s t / n): its spectrum moves by s bins (docs/theory.md)."""

    shift: int

    def act(self, spectrum: Tensor) -> Tensor:
        """Power spectrum (..., n) of the intervened mechanism -> P_k(v - s), same shape."""
        return torch.roll(spectrum, self.shift, -1)

    def acted(self, power: Tensor, taps: Tensor | None, n: int) -> Tensor:
        return self.act(power)


@lru_cache(maxsize=256)
def _waves(length: int, n: int, scale: float, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """cos and sin (L, n) of 2 pi s t v / n, v the signed frequency."""
    v = torch.arange(n, dtype=torch.float64)
    signed = torch.where(v < n / 2, v, v - n)
    phase = 2 * math.pi * scale / n * torch.outer(torch.arange(length, dtype=torch.float64), signed)
    return phase.cos().to(dtype), phase.sin().to(dtype)


@dataclass(frozen=True)
class Stretch(KernelIntervention):
    """Multiply the times of the taps by `scale`: K(v) = sum_t a_t exp(-2 pi i s t v / n), v the signed frequency.

    Spikes move, amplitudes stay; scales multiply (a group law on parameters).
    """

    scale: float

    def power(self, taps: Tensor, n: int) -> Tensor:
        """Power spectrum (..., n) of the stretched kernel, taps (..., L)."""
        cosine, sine = _waves(taps.shape[-1], n, self.scale, taps.dtype)
        # a product and a sum over a row's own axes: a matrix product would mix rows' last bits
        real, imag = ((taps.unsqueeze(-1) * wave).sum(-2) for wave in (cosine, sine))
        return real.square() + imag.square()

    def acted(self, power: Tensor, taps: Tensor | None, n: int) -> Tensor:
        return self.power(_required(self, taps), n)


@dataclass(frozen=True)
class Dilation(Stretch):
    """x(t) -> x(t / scale) of the band-limited signal through the taps: a stretch without periodic images.

    K(v) becomes s K(s v) where |s v| <= n / 2 and 0 beyond it. A stretch by 2 of spikes leaves every second time empty,
    and so repeats their spectrum; a wavelet of another frequency, or another wavelength, does not.
    """

    def acted(self, power: Tensor, taps: Tensor | None, n: int) -> Tensor:
        v = torch.arange(n, dtype=power.dtype)
        inside = self.scale * torch.minimum(v, n - v) <= n / 2
        return torch.where(inside, self.scale**2 * super().acted(power, taps, n), 0.0)


@dataclass(frozen=True, eq=False)
class Rotation:
    """A -> O A for a linear mechanism A; `matrices` O (R, d, d), one a replicate."""

    matrices: Tensor

    def act(self, covariance: Tensor) -> Tensor:
        """Covariance (R, d, d) of the mechanism's output -> O M O'."""
        return self.matrices @ covariance @ self.matrices.mT


@dataclass(frozen=True)
class Amplify:
    """Multiply by `factor` the power of one source of a linear mechanism with independent sources.

    Sources are numbered by the power that they bring to the output of the first environment, the strongest first:
    an order that no choice of coordinates changes.
    """

    source: int
    factor: float


@dataclass(frozen=True)
class PushForward:
    """Multiply places in the plane, relative to the centre, of one mechanism of an image: `layout` or `shape`.

    What lies between pixels is split on the nearest, mass kept: spikes move and stay spikes, where resampling (a
    pull-back) would smear them. right, down: by how much along columns and rows.
    """

    mechanism: str
    right: float
    down: float = 1.0

    @property
    def label(self) -> str:
        """As rows name it."""
        what = "stretch" if self.down == 1 else "dilation"
        return f"{self.mechanism} {what} {self.right:g}"


@dataclass(frozen=True)
class Recolour:
    """Give one part of an image another hue, the same in all images; its brightness stays.

    part: counted from the top of the picture, from 0 on: an order that no choice of names changes. hue: in degrees.
    """

    part: int
    hue: float

    @property
    def label(self) -> str:
        """As rows name it."""
        return f"part {self.part + 1} hue {self.hue:g}"


@dataclass(frozen=True)
class HiddenStretch:
    """Resample the maps that enter a layer of a decoder `factor` times as wide, on a canvas as much wider.

    level: of the decoder's convolutions, from 0 on. factor: 1 is the identity.
    """

    level: int
    factor: float


Intervention = KernelIntervention | Rotation | Amplify | PushForward | Recolour | HiddenStretch


@dataclass(frozen=True, eq=False)
class Family:
    """The interventions that a task is scored on.

    scored: all of them but the identity. group: those whose mean is the Haar mean over the genericity group (exactly
    or by sampling); empty where the group is another one. searched: what `class_error` looks for the best match in;
    empty where it is not defined.
    """

    identity: Intervention
    scored: tuple[Intervention, ...]
    group: tuple[Intervention, ...] = ()
    searched: tuple[Intervention, ...] = ()
    listed: tuple[tuple[str, Intervention], ...] = ()


@lru_cache(maxsize=16)
def modulations(n: int) -> Family:
    """All of Z_n."""
    group = tuple(Modulation(shift) for shift in range(n))
    return Family(group[0], group[1:], group, group)


@lru_cache(maxsize=16)
def coarse_modulations(n: int, count: int) -> Family:
    """The subgroup of Z_n of this many shifts, n a multiple of it; its mean is not the Haar mean over Z_n."""
    subgroup = tuple(Modulation(shift) for shift in range(0, n, n // count))
    return Family(subgroup[0], subgroup[1:], searched=subgroup)


@lru_cache(maxsize=1)
def stretches() -> Family:
    """Scales 2^(j/8) from 1/2 to 2; searched on a grid of 241."""
    scored = tuple(Stretch(2 ** (j / 8)) for j in range(-8, 9) if j)
    return Family(Stretch(1.0), scored, searched=tuple(Stretch(2 ** (j / 120)) for j in range(-120, 121)))


@lru_cache(maxsize=1)
def dilations() -> Family:
    """The same scales without periodic images."""
    like = stretches()
    scored, searched = (
        [Dilation(g.scale) for g in of if isinstance(g, Stretch)] for of in (like.scored, like.searched)
    )
    return Family(Dilation(1.0), tuple(scored), searched=tuple(searched))


def orthogonalised(normals: Tensor) -> Tensor:
    """Haar orthogonal matrices from standard normal ones (..., d, d): QR, with the signs of R's diagonal."""
    q, r = torch.linalg.qr(normals)
    return q * r.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)


def rotations(normals: Tensor) -> Family:
    """Haar rotations of SO(d) from standard normal numbers (R, G, d, d), G of them for each replicate."""
    replicates, _, d, _ = normals.shape
    q = orthogonalised(normals)  # a negative determinant is turned by one column
    q = torch.cat([q[..., :1] * torch.linalg.det(q)[..., None, None].sign(), q[..., 1:]], -1)
    scored = tuple(Rotation(q[:, g].contiguous()) for g in range(q.shape[1]))
    identity = Rotation(torch.eye(d, dtype=normals.dtype).expand(replicates, d, d).contiguous())
    return Family(identity, scored, scored)


@lru_cache(maxsize=16)
def amplifications(sources: int) -> Family:
    """Each source alone switched off, and quadrupled in power."""
    scored = tuple(Amplify(source, factor) for source in range(sources) for factor in (0.0, 4.0))
    return Family(Amplify(0, 1.0), scored)


@lru_cache(maxsize=1)
def layout_stretches() -> Family:
    """Layouts stretched by 3/4, 5/4 and 3/2 along rows; listed beside them shapes stretched by 3/2, dilated by 2."""
    scored = tuple(PushForward("layout", scale) for scale in (0.75, 1.25, 1.5))
    others = (PushForward("shape", 1.5), PushForward("shape", 2.0, 2.0))
    return Family(PushForward("layout", 1.0), scored, listed=tuple((g.label, g) for g in (*scored, *others)))


UNSEEN_HUES = (120.0, 150.0, 180.0)
"""Degrees: green to cyan."""


@lru_cache(maxsize=1)
def recolourings() -> Family:
    """The uppermost part in green to cyan; listed beside them the lowest part, layouts and shapes stretched by 3/2."""
    scored = tuple(Recolour(0, hue) for hue in UNSEEN_HUES)
    others = (Recolour(2, UNSEEN_HUES[1]), PushForward("layout", 1.5), PushForward("shape", 1.5))
    every: tuple[Recolour | PushForward, ...] = (*scored, *others)
    return Family(PushForward("layout", 1.0), scored, listed=tuple((g.label, g) for g in every))

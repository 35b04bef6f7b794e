"""Images that come with scikit-learn and scikit-image: loaded at run time, nothing is fetched, nothing ships here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indmech_bench.errors import UnsupportedError, unknown

Images = NDArray[np.uint8]
TEXTURES = ("brick", "grass", "gravel")


def digits() -> Images:
    """Handwritten digits, (1797, 1, 8, 8), values 0 to 255. Source: Alpaydin and Kaynak 1998, by scikit-learn."""
    from sklearn.datasets import load_digits

    return np.round(load_digits().images[:, None] * (255 / 16)).astype(np.uint8)


def digit_labels() -> NDArray[np.int64]:
    """Which digit each image of `digits` is, (1797,)."""
    from sklearn.datasets import load_digits

    return np.asarray(load_digits().target, dtype=np.int64)


def faces() -> Images:
    """The 100 faces of scikit-image's `lfw_subset`, (100, 1, 24, 24); its other hundred shows none.

    The last row and column of 25 are cut off, so that strides of 2 divide the size. Source: Labeled Faces in the Wild
    (Huang et al. 2007), by scikit-image. Raises UnsupportedError without scikit-image.
    """
    shown = _skimage().lfw_subset()[:100, :24, :24]
    return np.round(255 * shown[:, None]).astype(np.uint8)


def textures(size: int = 16) -> Images:
    """Tiles of three stationary textures (brick, grass, gravel), (N, 1, size, size), as many of each.

    Photographs of 512 x 512 are halved, so that a tile shows several elements, and cut into tiles that do not overlap.
    Source: scikit-image. Raises UnsupportedError without it.
    """
    tiles = [_tiles(_halved(getattr(_skimage(), name)()), size) for name in TEXTURES]
    return np.concatenate(tiles)[:, None]


def _halved(image: Images) -> Images:
    """An image of half the size, each pixel the mean of four."""
    rows, columns = (length // 2 for length in image.shape)
    blocks = image[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2)
    return np.round(blocks.mean((1, 3))).astype(np.uint8)


def _tiles(image: Images, size: int) -> Images:
    """Tiles of (size, size), row by row."""
    rows, columns = (length // size for length in image.shape)
    cut = image[: rows * size, : columns * size].reshape(rows, size, columns, size)
    return np.ascontiguousarray(cut.swapaxes(1, 2).reshape(-1, size, size))


def _skimage() -> Any:
    try:
        from skimage import data
    except ImportError:
        raise UnsupportedError("faces and textures are in scikit-image: pip install scikit-image.") from None
    return data


SHIPPED: dict[str, Callable[[], Images]] = {"digits": digits, "faces": faces, "textures": textures}
"""Each set by its name."""


def shipped_images(name: str) -> Images:
    """One of SHIPPED. Raises InputError for another name, UnsupportedError where its library is missing."""
    if name not in SHIPPED:
        raise unknown("set of images", name, SHIPPED)
    return SHIPPED[name]()

"""A folder of images, CelebA or any other, as one array on disk: cropped, resized, and mapped into memory.

Images are read one at a time, so memory does not grow with the folder; a second call finds the array as it was made. A
file that cannot be read is named and left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indmech_bench.errors import InputError, UnsupportedError

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
MOST_PIXELS = 100_000_000
"""Of one image: what unpacks to more is no photograph but a trap."""
FORMAT = 1
"""Counted up when the same files would give another array."""


@dataclass(frozen=True)
class ImageFolder:
    """Images of a folder. images: (N, channels, size, size), uint8, mapped from disk; names: the file of each, in
    order of path; skipped: files that are no image, each with its reason."""

    images: NDArray[np.uint8]
    names: tuple[str, ...]
    skipped: dict[str, str]


def read_image_folder(
    folder: str | Path, *, size: int = 64, crop: int | None = None, grey: bool = False, cache: str | Path | None = None
) -> ImageFolder:
    """All images below a folder, centre-cropped to a square and resized.

    size: pixels along each side of the result. crop: pixels along each side of the square that is cut from the middle
    first, by default the shorter side of each image (CelebA's aligned faces of 178 x 218 are often cropped to 108 or
    178). grey: one channel in place of three. cache: where arrays are kept, by default the user's cache folder.
    Raises InputError for a folder without an image, UnsupportedError without Pillow.
    """
    place = Path(folder)
    if not place.is_dir():
        raise InputError(f"'{place}' is no folder.")
    if size < 1 or (crop is not None and crop < 1):
        raise InputError(f"size and crop must be at least 1 pixel, not {size if size < 1 else crop}.")
    files = sorted(_images_below(place))
    if not files:
        raise InputError(f"'{place}' holds no images: none of its files ends in {', '.join(SUFFIXES)}.")
    kept = _cache(cache) / _fingerprint(place, files, (FORMAT, size, crop, grey))
    if not (kept / "images.json").is_file():
        _make(kept, place, files, size, crop, grey)
    about = json.loads((kept / "images.json").read_text(encoding="utf-8"))
    for name, reason in about["skipped"].items():
        warnings.warn(f"'{place / name}' is left out: {reason}.", stacklevel=2)
    if not about["names"]:
        raise InputError(
            f"'{place}' holds no image that can be read: {next(iter(about['skipped']))} and all others fail."
        )
    shape = (len(about["names"]), 1 if grey else 3, size, size)
    images = np.memmap(kept / "images.u8", np.uint8, "r", shape=shape)
    return ImageFolder(images, tuple(about["names"]), about["skipped"])


def _images_below(place: Path) -> Iterator[str]:
    """Paths below a folder, relative to it; links are followed to files, not to folders."""
    for below, _, names in os.walk(place):
        for name in names:
            path = Path(below, name)
            if path.suffix.lower() in SUFFIXES and path.is_file():
                yield path.relative_to(place).as_posix()


def _fingerprint(place: Path, files: list[str], how: tuple[object, ...]) -> str:
    """Of what the array depends on: names, sizes, times of change, and how images are cut."""
    digest = hashlib.sha256(repr((str(place.resolve()), how)).encode())
    for name in files:
        known = (place / name).stat()
        digest.update(f"{name}\0{known.st_size}\0{known.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:24]


def _cache(cache: str | Path | None) -> Path:
    if cache is not None:
        return Path(cache)
    from platformdirs import user_cache_path

    return user_cache_path("indmech-bench") / "images"


def _make(kept: Path, place: Path, files: list[str], size: int, crop: int | None, grey: bool) -> None:
    """Write the array and what it is of; the description comes last, so that a cut-off one is made anew."""
    names, skipped = [], {}
    try:
        kept.mkdir(parents=True, exist_ok=True)
        with (kept / "images.u8").open("wb") as array:
            for name in files:
                try:
                    array.write(_read(place / name, size, crop, grey).tobytes())
                except _UnreadableError as error:
                    skipped[name] = str(error)
                else:
                    names.append(name)
        partial = kept / "images.json.partial"
        partial.write_text(json.dumps({"names": names, "skipped": skipped}), encoding="utf-8")
        partial.replace(kept / "images.json")
    except OSError as error:
        raise InputError(f"cannot write to '{kept}': {error.strerror or error}.") from None


class _UnreadableError(Exception):
    """Why a file is no image."""


def _read(path: Path, size: int, crop: int | None, grey: bool) -> NDArray[np.uint8]:
    """One image, (channels, size, size)."""
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise UnsupportedError("folders of images are read by Pillow: pip install pillow.") from None
    try:
        with Image.open(path) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise _UnreadableError(f"{opened.width} x {opened.height} pixels, more than {MOST_PIXELS:,}")
            upright = ImageOps.exif_transpose(opened).convert("L" if grey else "RGB")
    except _UnreadableError:
        raise
    except Exception as error:  # decoders of a dozen formats raise a dozen kinds
        raise _UnreadableError(" ".join(str(error).split()) or type(error).__name__) from None
    side = min(upright.size) if crop is None else crop
    if side > min(upright.size):
        raise _UnreadableError(f"{upright.width} x {upright.height} pixels, smaller than the crop of {side}")
    left, top = (upright.width - side) // 2, (upright.height - side) // 2
    square = upright.resize((size, size), Image.Resampling.BOX, box=(left, top, left + side, top + side))
    shown = np.asarray(square, dtype=np.uint8)
    return shown[None] if grey else np.ascontiguousarray(shown.transpose(2, 0, 1))

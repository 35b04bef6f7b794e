"""Sets of real images, and folders of them: what comes in, what is left out, and that memory does not grow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indmech_bench.errors import InputError
from indmech_bench.tasks.datasets.image_folders import read_image_folder
from indmech_bench.tasks.datasets.shipped import digit_labels, shipped_images

RANDOM = np.random.default_rng(0)


def picture(path: Path, width: int, height: int) -> np.ndarray:
    shown = RANDOM.integers(0, 256, (height, width, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(shown).save(path)
    return shown


@pytest.mark.parametrize(("name", "shape"), [("digits", (1, 8, 8)), ("faces", (1, 24, 24)), ("textures", (1, 16, 16))])
def test_shipped_sets_use_the_range_of_a_byte(name: str, shape: tuple[int, ...]) -> None:
    images = shipped_images(name)
    assert images.shape[1:] == shape
    assert images.dtype == np.uint8
    assert images.min() < 30
    assert images.max() > 220


def test_digits_have_labels_and_textures_are_as_many_of_each() -> None:
    assert len(digit_labels()) == len(shipped_images("digits"))
    assert len(shipped_images("textures")) % 3 == 0
    with pytest.raises(InputError, match="did you mean 'textures'"):
        shipped_images("texture")


def test_a_folder_is_cut_from_the_middle_in_order_of_names(tmp_path: Path) -> None:
    wide = picture(tmp_path / "set/b.png", 9, 4)
    tall = picture(tmp_path / "set/deep/a.png", 4, 6)
    found = read_image_folder(tmp_path / "set", size=4, cache=tmp_path / "cache")
    assert found.names == ("b.png", "deep/a.png")
    assert np.array_equal(found.images[0], wide[:, 2:6].transpose(2, 0, 1))
    assert np.array_equal(found.images[1], tall[1:5].transpose(2, 0, 1))
    small = read_image_folder(tmp_path / "set", size=2, crop=4, grey=True, cache=tmp_path / "cache")
    assert small.images.shape == (2, 1, 2, 2)


def test_the_array_is_made_once_and_anew_when_a_file_changes(tmp_path: Path) -> None:
    picture(tmp_path / "set/a.png", 8, 8)
    first = read_image_folder(tmp_path / "set", size=8, cache=tmp_path / "cache").images.copy()
    (array,) = (tmp_path / "cache").glob("*/images.u8")
    before = array.stat().st_mtime_ns
    assert np.array_equal(read_image_folder(tmp_path / "set", size=8, cache=tmp_path / "cache").images, first)
    assert array.stat().st_mtime_ns == before
    again = picture(tmp_path / "set/a.png", 9, 8)
    found = read_image_folder(tmp_path / "set", size=8, cache=tmp_path / "cache").images[0]
    assert np.array_equal(found, again[:, :8].transpose(2, 0, 1))


def test_what_is_no_image_is_named_and_left_out(tmp_path: Path) -> None:
    picture(tmp_path / "set/good.png", 8, 8)
    picture(tmp_path / "set/small.png", 3, 8)
    picture(tmp_path / "set/cut.jpg", 64, 64)
    cut = (tmp_path / "set/cut.jpg").read_bytes()
    (tmp_path / "set/cut.jpg").write_bytes(cut[: len(cut) // 2])
    (tmp_path / "set/text.png").write_text("no image")
    (tmp_path / "set/notes.txt").write_text("not asked")
    with pytest.warns(UserWarning, match="left out") as said:
        found = read_image_folder(tmp_path / "set", size=8, crop=8, cache=tmp_path / "cache")
    assert found.names == ("good.png",)
    assert sorted(found.skipped) == ["cut.jpg", "small.png", "text.png"]
    assert len(said) == 3
    assert found.skipped["small.png"] == "3 x 8 pixels, smaller than the crop of 8"


def test_an_empty_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        read_image_folder(tmp_path / "none")
    with pytest.raises(InputError, match="holds no images"):
        read_image_folder(tmp_path)
    (tmp_path / "a.png").write_text("no image")
    with pytest.warns(UserWarning, match="left out"), pytest.raises(InputError, match="no image that can be read"):
        read_image_folder(tmp_path, cache=tmp_path / "cache")

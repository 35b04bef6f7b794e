"""Where networks come from: what is refused, in one sentence each."""

from __future__ import annotations

import contextlib
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_audit import NETWORK, network, state_file  # noqa: F401 - a fixture
from torch import nn

from indmech_bench import InputError, UnsupportedError
from indmech_bench.networks.sources import bring
from indmech_bench.tasks.generators import wheels
from indmech_bench.tasks.generators.dcgan import trained_generator
from indmech_bench.tasks.generators.states import put_into, read_file


class Hostile:
    """What runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("save", [torch.save, lambda thing, path: path.write_bytes(pickle.dumps(thing, 2))])
def test_a_hostile_pickle_is_refused_and_not_run(tmp_path: Path, save: Any) -> None:
    mark, path = tmp_path / "mark", tmp_path / "weights.pt"
    save({"weight": Hostile(mark)}, path)
    with pytest.raises(InputError, match=r"weights.pt' is refused: its pickle wants more than tensors") as raised:
        read_file(path)
    assert "\n" not in str(raised.value)
    assert not mark.exists()


@pytest.mark.parametrize("data", [b"", b"x = 1\n", b"PK\x03\x04broken", b"\x80\x04."])
def test_what_holds_no_weights_is_said(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(data)
    with pytest.raises(InputError, match="holds no weights that torch can read"):
        read_file(path)


def test_a_damaged_file_raises_nothing_else(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.pt", tmp_path / "weights.pt"
    torch.save({"weight": torch.randn(3, 2)}, whole)
    data, random = whole.read_bytes(), np.random.default_rng(0)
    for _ in range(40):
        bad = bytearray(data[: random.integers(1, len(data) + 1)])
        bad[random.integers(len(bad))] ^= int(random.integers(1, 256))
        path.write_bytes(bad)
        with contextlib.suppress(InputError):
            read_file(path)


@pytest.mark.parametrize(
    ("loaded", "sentence"),
    [
        (3, "no mapping from names to tensors"),
        ({"weight": torch.zeros(2, 3)}, "it has no 'bias'"),
        ({"weight": torch.zeros(4, 4), "bias": torch.zeros(2)}, r"'weight' is \(4, 4\) there and \(2, 3\) here"),
        ({"weight": torch.zeros(2, 3), "bias": torch.zeros(2), "more": torch.zeros(1)}, "'more', which the network"),
        ({k: {"weight": torch.zeros(2, 3), "bias": torch.zeros(2)} for k in "ab"}, r"holds 2 states that fit \(a, b\)"),
    ],
)
def test_a_state_that_does_not_fit_says_what_differs(loaded: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        put_into(nn.Linear(3, 2), loaded, "f")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "there is no network"),
        ({"factory": "network.py"}, r"must be FILE.py:function"),
        ({"factory": "nowhere.py:make"}, "there is no file"),
        ({"factory": "network.py:mke"}, "did you mean 'make'"),
        ({"factory": "network.py:wrong"}, "must return a torch module"),
        ({"factory": "network.py:fails"}, "failed: KeyError"),
        ({"wheel": "ears"}, "did you mean 'eyes'"),
        ({"wheel": "network.py"}, "none of the wheels"),
        ({"checkpoint": Path("w.pt")}, "give FILE.py:function"),
        ({"factory": "network.py:make", "checkpoint": Path("nothing.pt")}, "cannot be read"),
        ({"factory": "network.py:make", "wheel": "faces"}, "has its own network"),
        ({"factory": "network.py:make", "wheel": "network.py"}, "is no wheel"),
        ({"wheel": "faces", "checkpoint": Path("w.pt")}, "exclude each other"),
    ],
)
def test_a_source_that_is_none_is_one_sentence(
    network: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, Any],
    sentence: str,
) -> None:
    monkeypatch.chdir(network.parent)
    with pytest.raises(InputError, match=sentence) as raised:
        bring(**given)
    assert "\n" not in str(raised.value)


def test_an_empty_folder_of_checkpoints_is_said(network: Path) -> None:  # noqa: F811
    with pytest.raises(InputError, match="holds no files of weights"):
        bring(f"{network}:make", checkpoint=network.parent)


def test_weights_in_any_wheel_are_put_into_the_network_of_a_factory(network: Path) -> None:  # noqa: F811
    state_file(network, "step-1.pt", 2.0)
    wheel = network.with_name("some.whl")
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(network.parent / "steps/step-1.pt", "some/step-1.pt")
        archive.writestr("some/__init__.py", "raise SystemExit")
    (plain,), (loaded,) = bring(f"{network}:make"), bring(f"{network}:make", wheel=str(wheel))
    assert torch.equal(2 * plain.module.get_parameter("0.weight"), loaded.module.get_parameter("0.weight"))


def test_without_the_wheel_the_way_to_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(wheels.PLACE, str(tmp_path))
    trained_generator.cache_clear()
    with pytest.raises(UnsupportedError, match="run indmech-bench generators"):
        trained_generator("faces")
    with pytest.raises(InputError, match="run indmech-bench generators"):
        bring(wheel="faces")


def test_an_altered_wheel_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(wheels.PLACE, str(tmp_path))
    (tmp_path / wheels.WHEELS["eyes"].file_name).write_bytes(b"PK")
    with pytest.raises(InputError, match="SHA-256 differs"):
        wheels.wheel_path("eyes")


def test_a_fetch_that_fails_says_what_pip_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(wheels.PLACE, str(tmp_path))
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "no-index").as_uri())
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(InputError, match=r"pip could not fetch gan_face_generate 1\.1\.1"):
        wheels.fetch_wheels()
    assert list(tmp_path.glob("*.whl")) == []

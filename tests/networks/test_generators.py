"""The trained generators, where their wheels are."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from indmech_bench import audit
from indmech_bench.cli.app import app
from indmech_bench.networks.hidden.stretching import measured_levels
from indmech_bench.tasks.generators.dcgan import latents_of, trained_generator, untrained_generator
from indmech_bench.tasks.generators.wheels import WHEELS, is_there, known_wheel, wheel_path

pytestmark = pytest.mark.skipif(
    not all(map(is_there, WHEELS)), reason="needs the trained generators: indmech-bench generators"
)


@pytest.mark.parametrize(("name", "size"), [("faces", 64), ("eyes", 128)])
def test_a_trained_generator_makes_pictures(name: str, size: int) -> None:
    with torch.no_grad():
        made = trained_generator(name)(latents_of(name, 2))
        fresh = untrained_generator(name)(latents_of(name, 2))
    assert made.shape == (2, 3, size, size)
    assert float(made.std()) > 0.2 > float(fresh.std())
    assert known_wheel(wheel_path(name)) is WHEELS[name]


def test_the_audit_of_the_faces_is_what_the_page_says() -> None:
    made = audit(trained_generator("faces"), permutations=99)
    assert made.unpaired == ()
    assert [row.log_rho for row in made.pairs] == pytest.approx([0.0555, 0.1076, 0.1726, 0.1779], abs=2e-3)
    assert [row.pairing_p <= 0.01 for row in made.pairs] == [True, True, True, False]
    assert made.untrained is not None
    assert all(abs(row.log_rho or 0) < 0.0015 for row in made.untrained.pairs)


def test_the_earlier_the_stretch_the_further_from_resized_pixels() -> None:
    lines = measured_levels(trained_generator("faces"), (latents_of("faces", 8),), 1.5)
    distances = [line.coarse_distance for line in lines]
    assert distances == sorted(distances, reverse=True)
    assert 0.2 < distances[0] < 0.7
    assert distances[2] < 0.05


def test_the_verb_knows_generators_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "faces.png"
    asked = ["stretches", "--wheel", "faces", "--columns", "2", "--out", str(path)]
    assert app(asked, standalone_mode=False) in (0, None)
    assert path.stat().st_size > 10_000
    assert "main.12" in capsys.readouterr().out

"""The audit of a network: pairs found and named, formulas, planted pairings, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from nets import HIDDEN, planted_pair, small_generator
from torch import Tensor, nn

from indmech_bench import Audit, InputError, audit
from indmech_bench.cli.app import app
from indmech_bench.networks.auditing import COLUMNS, reinitialised
from indmech_bench.networks.kernels import Kernels, kernels_of
from indmech_bench.networks.layers import LayerPair, find_pairs
from indmech_bench.networks.maps_seen import channel_coherence

NETWORK = """
import torch
from torch import nn

def make():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 2))
    return network, torch.randn(3, 4)

def alone():
    return make()[0]

def wrong():
    return 3

def fails():
    raise KeyError("no")
"""


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "network.py"
    path.write_text(NETWORK)
    return path


def pairs_of(module: nn.Module) -> list[str]:
    return [pair.name for pair in find_pairs(module)[0]]


def test_a_planted_pairing_is_found_and_a_re_paired_one_is_not() -> None:
    (found,) = audit(planted_pair(), permutations=199).pairs
    (lost,) = audit(planted_pair(re_paired=True), permutations=199).pairs
    assert found.channels == HIDDEN
    assert found.pairing_p == 0.005
    assert found.log_rho is not None
    assert found.repaired is not None
    assert found.log_rho > found.repaired + 0.1
    assert lost.pairing_p > 0.1


def test_the_table_has_its_columns_and_a_row_a_pair() -> None:
    module, latents = small_generator()
    made = audit(module, latents, permutations=19)
    assert tuple(made.table.columns) == COLUMNS
    assert list(made.table["pair"]) == pairs_of(module) == [f"main.{k} → main.{k + 3}" for k in (0, 3, 6)]
    assert made.table.notna().all(axis=None)
    assert json.loads(json.dumps(made.records))[0]["untrained.channels"] == 12


def test_an_audit_leaves_the_network_and_random_numbers_as_they_are() -> None:
    module, latents = small_generator()
    module.train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    state = torch.random.get_rng_state()
    audit(module, latents, permutations=3)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), state)
    assert module.training
    assert not [hook for part in module.modules() for hook in part._forward_pre_hooks]


def test_an_audit_is_the_same_twice() -> None:
    module, latents = small_generator()
    assert audit(module, latents, permutations=9).records == audit(module, latents, permutations=9).records


def contrast(kernels: Kernels, seed: int = 0) -> float:
    """Mean over channels of log E|X|^2 / E_g E|X_g|^2 by spectra on a torus."""
    n, s = 16, kernels.stride if kernels.direction == "decoder" else 1
    first = torch.fft.fft2(kernels.first, s=(n, n)).abs().square().sum(0)  # white noise in: power spectra add up
    second = torch.fft.fft2(kernels.second, s=(s * n, s * n)).abs().square().sum(1)
    first = first.tile(s, s)
    together = (first * second).mean((-2, -1))
    apart = first.mean((-2, -1)) * second.mean((-2, -1))
    return float((together / apart).log().mean())


@pytest.mark.parametrize(
    "layers",
    [
        (nn.ConvTranspose2d(3, 6, 4, 2, 1), nn.ConvTranspose2d(6, 4, 4, 2, 1)),
        (nn.Conv2d(3, 6, 3), nn.Conv2d(6, 4, 5)),
        (nn.ConvTranspose2d(3, 6, 4, 2, 1), nn.Conv2d(6, 4, 3, stride=2)),
        (nn.Conv2d(3, 6, 3, dilation=2), nn.ConvTranspose2d(6, 4, 3)),
    ],
    ids=["decoder", "plain", "up-and-down", "dilated"],
)
def test_log_rho_is_power_over_mean_power_by_spectra(layers: tuple[nn.Module, nn.Module]) -> None:
    module = nn.Sequential(layers[0], nn.ReLU(), layers[1])
    kernels = kernels_of(module, LayerPair("0", "2"))
    assert isinstance(kernels, Kernels)
    with torch.no_grad():
        expected = contrast(kernels)
    assert audit(module, permutations=2).pairs[0].log_rho == pytest.approx(expected, rel=1e-9)


def test_the_stride_of_an_encoder_is_that_of_its_earlier_layer() -> None:
    """A strided convolution's output is every second sample of what stride 1 gives: its spectrum is folded."""
    module = nn.Sequential(nn.Conv2d(3, 6, 4, 2), nn.ReLU(), nn.Conv2d(6, 4, 3))
    first, second = (layer.weight.detach().double() for layer in (module[0], module[2]))
    whole = torch.fft.fft2(first, s=(32, 32)).abs().square().sum(1)
    folded = sum(whole[:, a : a + 16, b : b + 16] for a in (0, 16) for b in (0, 16))
    assert isinstance(folded, Tensor)
    after = torch.fft.fft2(second, s=(16, 16)).abs().square().sum(0)
    ratios = (folded * after).mean((-2, -1)) / (folded.mean((-2, -1)) * after.mean((-2, -1)))
    assert audit(module, permutations=2).pairs[0].log_rho == pytest.approx(float(ratios.log().mean()), rel=1e-6)


def test_two_linear_layers_have_the_trace_ratio() -> None:
    module = nn.Sequential(nn.Linear(7, 5), nn.Tanh(), nn.Linear(5, 3)).double()
    W, V = (module[k].weight.detach().numpy() for k in (0, 2))
    ratio = 5 * np.trace(W @ W.T @ V.T @ V) / (np.trace(W @ W.T) * np.trace(V.T @ V))
    (row,) = audit(module, permutations=9).pairs
    assert row.coherent == pytest.approx(ratio)
    assert row.log_rho is None
    assert row.balancedness == pytest.approx((W**2).sum() / (V**2).sum())


def test_coherence_is_the_power_of_the_sum_over_the_sum_of_powers() -> None:
    torch.manual_seed(3)
    maps, second = torch.randn(4, 5, 6, 6).double(), torch.randn(5, 3, 4, 4).double()
    parts = [nn.functional.conv_transpose2d(maps[:, [j]], second[[j]], stride=2) for j in range(5)]
    expected = sum(parts).square().sum() / sum(part.square().sum() for part in parts)  # type: ignore[union-attr]
    assert channel_coherence(maps, second, 2) == pytest.approx(float(expected))


class Residual(nn.Module):
    """A layer whose output goes to two places."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = (
            nn.Conv2d(3, 4, 3, padding=1),
            nn.Conv2d(4, 4, 3, padding=1),
            nn.Linear(4, 2),
        )

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.first(x))
        h = h + self.second(h)
        return self.third(h.mean((-2, -1)))


class Branching(nn.Module):
    """What cannot be traced."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3))
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = self.body(x).mean((-2, -1))
        return self.head(h) if h.sum() > 0 else h


def test_what_cannot_be_paired_is_named_with_its_reason() -> None:
    made = audit(Residual(), permutations=2)
    assert made.pairs == ()
    assert {each.layer: each.why for each in made.unpaired} == {
        "first": "what it makes goes to 2 places",
        "second": "a sum follows",
    }
    grouped = nn.Sequential(
        nn.Conv2d(4, 4, 3, groups=2), nn.ReLU(), nn.Conv2d(4, 2, 3), nn.MaxPool2d(2), nn.Conv2d(2, 2, 1)
    )
    assert [each.why for each in audit(grouped, permutations=2).unpaired] == [
        "a MaxPool2d follows",
        "0 has 2 groups of channels",
    ]


def test_a_network_that_cannot_be_traced_is_paired_within_its_containers() -> None:
    made = audit(Branching(), torch.randn(2, 3, 8, 8), permutations=2)
    assert [row.pair for row in made.pairs] == ["body.0 → body.2"]
    assert [each.layer for each in made.unpaired] == ["head"]
    assert "cannot be traced" in made.unpaired[0].why


def test_a_linear_layer_that_is_laid_out_is_paired_with_what_follows() -> None:
    module = nn.Sequential(nn.Linear(3, 6 * 16), nn.Unflatten(1, (6, 4, 4)), nn.ReLU(), nn.ConvTranspose2d(6, 2, 4, 2))
    (row,) = audit(module, torch.randn(5, 3), permutations=2).pairs
    assert (row.pair, row.channels) == ("0 → 3", 6)
    assert row.coherence is not None


def test_a_silent_channel_is_left_out() -> None:
    module = planted_pair()
    with torch.no_grad():
        module[0].weight[:, 3] = 0
    assert audit(module, permutations=2).pairs[0].channels == HIDDEN - 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"module": 3}, "torch module, not a int"),
        ({"permutations": 1}, "permutations 1 must be 2"),
        ({"pairs": "all"}, "'auto'"),
        ({"pairs": [("main.0", "main.30")]}, "main.3"),
        ({"input": torch.randn(2, 7, 1, 1)}, "cannot be run on this input"),
    ],
)
def test_bad_input_is_one_sentence(change: dict[str, Any], sentence: str) -> None:
    module, _ = small_generator()
    given = {"module": module, "input": None, "pairs": "auto", "permutations": 2, **change}
    with pytest.raises(InputError, match=sentence) as raised:
        audit(given["module"], given["input"], pairs=given["pairs"], permutations=given["permutations"])
    assert "\n" not in str(raised.value)


def test_pairs_can_be_given() -> None:
    module, _ = small_generator()
    assert [row.pair for row in audit(module, pairs=[("main.3", "main.6")], permutations=2).pairs] == [
        "main.3 → main.6"
    ]


def test_re_initialisation_is_another_network() -> None:
    module, _ = small_generator()
    fresh = reinitialised(module)
    assert not torch.equal(fresh.main[0].weight, module.main[0].weight)  # type: ignore[index,union-attr,operator]
    made = audit(module, permutations=2)
    assert isinstance(made.untrained, Audit)
    assert made.untrained.untrained is None


def sections(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    """What the verb prints."""
    assert app(["audit", *arguments, "--format", "json"], standalone_mode=False) in (0, None)
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["sections"]
    return found


def test_the_verb_prints_a_table_and_json(network: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (section,) = sections(capsys, f"{network}:make", "--permutations", "9")
    assert [row["pair"] for row in section["rows"]] == ["0 → 2", "2 → 4"]
    assert set(COLUMNS) <= set(section["rows"][0])


def state_file(network: Path, name: str, scale: float) -> None:
    space: dict[str, Any] = {}
    exec(NETWORK, space)
    state = {f"module.{key}": value * scale for key, value in space["alone"]().state_dict().items()}
    network.with_name("steps").mkdir(exist_ok=True)
    torch.save({"epoch": 3, "net": state}, network.parent / "steps" / name)


def test_checkpoints_of_a_folder_are_traced_in_the_order_of_their_numbers(
    network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for step in (2, 10):
        state_file(network, f"step-{step}.pt", step)
    first, _ = sections(
        capsys, f"{network}:alone", "--checkpoint", str(network.parent / "steps"), "--permutations", "2"
    )
    assert [row["checkpoint"] for row in first["rows"]] == ["step-2.pt", "step-10.pt"]
    assert first["rows"][0]["coherent"] == pytest.approx(first["rows"][1]["coherent"])  # scales change nothing

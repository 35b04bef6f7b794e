"""Solutions made block by block are those that are polished and held."""

from __future__ import annotations

import numpy as np
import pytest
from draws import truth_of

from indmech_bench import SolutionList, count_solutions, enumerate_solutions
from indmech_bench.errors import UnsupportedError
from indmech_bench.scm.factorisation import convolve


@pytest.mark.parametrize(("name", "lengths"), [("fir-natural", (9, 5)), ("optics-stars", (9, 24))])
def test_blocks_are_the_solutions_that_are_held(name: str, lengths: tuple[int, int]) -> None:
    composite = next(truth_of(name, [1]).composites())
    listed = SolutionList.of(composite, lengths)
    first, second = enumerate_solutions(composite, lengths)
    assert len(listed) == len(first) == count_solutions(composite, lengths)
    for start in range(0, len(listed), 500):
        k1, k2 = listed.block(start, start + 500)
        assert np.abs(k1 - first[start : start + 500]).max() < 1e-6
        assert np.abs(convolve(k1, k2) - composite).max() < 1e-8
    for index in (0, len(listed) - 1):
        # polished alone and among many: LAPACK rounds batches of other sizes otherwise, on some processors
        k1, k2 = listed.one(index)
        assert np.abs(k1 - first[index]).max() < 1e-11
        assert np.abs(k2 - second[index]).max() < 1e-11 * np.abs(second[index]).max()


def test_a_list_of_tens_of_thousands_has_the_truth_in_it() -> None:
    truth = truth_of("seismic-sparse:taps=9x32", [1])
    listed = truth.listed(next(truth.composites()))
    assert len(listed) > 20_000
    true = truth.parameters["k1"][0].numpy()
    true = true / np.linalg.norm(true)
    nearest = max(
        float(np.abs(listed.block(start, start + 4096)[0] @ true).max()) for start in range(0, len(listed), 4096)
    )
    assert nearest > 1 - 1e-9
    with pytest.raises(UnsupportedError, match="more than the 20,000"):
        SolutionList.of(listed.composite, (9, 32), 20_000)

"""Fitting: fine where the mass is, whatever its shape."""

from __future__ import annotations

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.binning import Binning, keys_of
from lakedrift.fitting import fit, sample_axis

N = 25_000


def shapes() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    normal, uniform = rng.normal(size=2 * N), rng.random(2 * N)
    return {
        "normal": normal,
        "normal, float32": normal.astype(np.float32),
        "lognormal, sigma 3": np.exp(3 * normal),
        "1e9 plus or minus 1": 1e9 + 2 * uniform - 1,
        "zeros and lognormal": np.where(uniform < 0.6, 0.0, np.exp(normal)),
        "two scales": np.where(uniform < 0.5, 1 + 1e-3 * normal, 1.03 + 1e-12 * normal),
        "cents": np.round(np.exp(3 + normal), 2),
        "microseconds": (1_700_000_000_000_000 + (uniform * 3e12)).astype(np.int64),
        "counts": rng.poisson(20, 2 * N),
        "beyond 2**53": 2**53 + rng.integers(0, 1 << 50, 2 * N),
        "uint64": rng.integers(1 << 63, (1 << 64) - 1, 2 * N, dtype=np.uint64),
        "an atom in a normal": np.where(uniform < 0.1, 0.5, normal),
        "infinities": np.where(uniform < 0.1, np.inf, np.where(uniform < 0.15, -np.inf, normal)),
    }


def shares_in_doubt(values: np.ndarray, binning: Binning) -> np.ndarray:
    """Shares of the cells that hold more than one of the values, (n_cells,); 0 for those that hold one only."""
    keys = keys_of(values, binning.axis)
    cells = np.searchsorted(binning.edges, keys, side="right") - 1
    distinct = np.bincount(cells[np.unique(keys, return_index=True)[1]], minlength=binning.n_cells)
    return np.where(distinct > 1, np.bincount(cells, minlength=binning.n_cells) / len(values), 0.0)


@pytest.mark.parametrize("name", shapes())
def test_fit__hardly_any_mass_lies_together_in_one_cell_even_of_values_not_in_the_sample(name):
    values = shapes()[name]
    binning = fit(values[:N])
    assert shares_in_doubt(values, binning).max() < 0.0025
    assert binning.n_cells < 65_536 + 20_000


@pytest.mark.parametrize("atom", [0.0, 5e-324, 1.0, 0.1, -3.7, 1e9, 1e300])
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e5])
def test_fit__a_value_of_a_hundredth_of_the_sample_is_a_cell_by_itself(atom, scale):
    around = atom + scale * np.random.default_rng(1).normal(size=N)
    binning = fit(np.append(around, np.full(N // 99, atom)))
    key = int(keys_of(np.array([atom]), "double")[0])
    cell = int(np.searchsorted(binning.edges, np.uint64(key), side="right"))
    assert binning.edges[cell - 1] == key
    assert binning.edges[cell] == key + 1


@given(least=st.integers(1 - 2**53, 2**53 - 2001), spread=st.integers(1, 2000))
def test_fit__integers_of_small_range_get_a_cell_each_beyond_the_sample_too(least, spread):
    binning = fit(np.array([least, least + spread]))
    reached = np.arange(max(least - spread // 2, 1 - 2**53), min(least + spread + spread // 2, 2**53 - 1) + 1)
    cells = np.searchsorted(binning.edges, keys_of(reached, "double"), side="right")
    assert (np.diff(cells) > 0).all()


@given(data=st.data(), dtype=st.sampled_from(strategies.DTYPES))
def test_fit__the_order_of_the_sample_does_not_matter(data, dtype):
    sample = data.draw(strategies.samples(dtype))
    assert fit(sample) == fit(np.array(data.draw(st.permutations(sample.tolist())), dtype))


@given(data=st.data(), dtype=st.sampled_from(strategies.DTYPES))
def test_fit__moments_are_centred_where_the_sample_is(data, dtype):
    sample = data.draw(strategies.samples(dtype))
    binning = fit(sample)
    assert np.isfinite(binning.centre)
    assert np.frexp(binning.scale)[0] == 0.5
    assert binning.windows.dtype == binning.nested.dtype == np.uint64


@pytest.mark.parametrize(
    ("values", "axis"),
    [
        (np.array([2**53 - 1, 1 - 2**53]), "double"),
        (np.array([2**53]), "int64"),
        (np.array([-(2**53)]), "int64"),
        (np.array([2**53 - 1], np.uint64), "double"),
        (np.array([2**53], np.uint64), "uint64"),
        (np.array([2**63], np.uint64), "uint64"),
        (np.array([1e300]), "double"),
        (np.array([2**63], np.float32), "double"),
        (np.array([], np.int64), "double"),
    ],
)
def test_sample_axis__is_the_double_one_as_long_as_it_is_exact(values, axis):
    assert sample_axis(values) == axis
    assert fit(values).axis == axis


@pytest.mark.parametrize("values", [np.array([-np.inf, np.inf]), np.array([np.inf]), np.array([-np.inf] * 9 + [1.0])])
def test_fit__infinities_have_cells_of_their_own(values):
    binning = fit(values)
    finite = keys_of(np.array([-1.7976931348623157e308, 1.7976931348623157e308]), "double")
    low, high = keys_of(np.array([-np.inf, np.inf]), "double")
    assert finite[0] >= binning.edges[np.searchsorted(binning.edges, low, side="right")]
    assert finite[1] < binning.edges[np.searchsorted(binning.edges, high, side="right") - 1]

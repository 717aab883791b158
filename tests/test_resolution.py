"""How finely groups are counted: by how many there are, nested in the fine grid, and never joining what must stay apart."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.binning import Binning, common_edges, keys_of
from lakedrift.fitting import fit
from lakedrift.resolution import bits_of_group, cells_of_group, coarsened, grouped, names_of_group
from lakedrift.summaries.crosstab import Crosstab
from lakedrift.summaries.frequencies import Frequencies
from lakedrift.summaries.numeric import Numeric
from lakedrift.summaries.presence import Presence


def weights_of(binning: Binning, values: np.ndarray) -> np.ndarray:
    return np.bincount(binning.cell_of(keys_of(values, binning.axis)), minlength=binning.n_cells)


@pytest.mark.parametrize("of_group", [cells_of_group, names_of_group, bits_of_group])
def test_of_group__more_groups_are_never_finer(of_group):
    numbers = [of_group(n) for n in (0, 1, 10, 100, 1_000, 10_000, 100_000, 10**7)]
    assert numbers == sorted(numbers, reverse=True)
    assert min(numbers) > 0


@given(strategies.samples("float64", min_size=1), st.integers(64, 2_000))
def test_coarsened__every_edge_is_one_of_the_fine_grid(values, cells):
    fine = fit(values)
    coarse = coarsened(fine, weights_of(fine, values), cells)
    assert coarse.fine == fine
    assert np.isin(coarse.edges, fine.edges).all()
    assert (np.diff(coarse.edges.astype(object)) > 0).all()
    assert coarse.n_cells == len(coarse.edges)
    assert (coarse.cell_of_fine == coarse.cell_of(fine.edges)).all()
    assert (common_edges(fine, coarse)[0] == coarse.edges).all()
    assert Binning.from_json(coarse.to_json()) == coarse


@given(strategies.samples("float64", min_size=1))
def test_coarsened__infinities_and_atoms_stay_apart(values):
    fine = fit(values)
    weights = weights_of(fine, values)
    coarse = coarsened(fine, weights, 64)
    alone = fine.cell_of(keys_of(np.array([-np.inf, np.inf]), "double")).tolist()
    alone += np.flatnonzero(weights * 64 >= len(values)).tolist()
    sizes = np.bincount(coarse.cell_of_fine)
    assert all(sizes[coarse.cell_of_fine[cell]] == 1 for cell in alone)


@pytest.mark.parametrize("n_groups", [100, 10_000])
def test_coarsened__cells_have_about_equal_mass(n_groups):
    values = np.random.default_rng(3).normal(size=50_000)
    fine = fit(values)
    weights, cells = weights_of(fine, values), cells_of_group(n_groups)
    coarse = coarsened(fine, weights, cells)
    held = np.bincount(coarse.cell_of_fine, weights)
    assert cells / 2 < coarse.n_cells < 1.3 * cells
    assert held.max() < 3 * len(values) / cells


def test_coarsened__of_nothing_divides_the_axis_all_the_same():
    fine = fit(np.empty(0))
    assert coarsened(fine, np.zeros(fine.n_cells, np.int64), 64).n_cells > 32


def test_grouped__the_most_frequent_have_names_and_ties_go_by_bytes():
    whole = Frequencies.new()
    whole.update(pa.array([word for place in range(100) for word in [f"w{place:02}"] * (1 + place // 50)]))
    state = grouped(whole, 10**7)
    assert isinstance(state, Crosstab)
    assert state.names == tuple(f"w{place}" for place in range(50, 82))
    assert (len(state.rows), state.bits) == (0, 4)


def test_grouped__kinds():
    assert isinstance(grouped(Numeric.new(fit(np.arange(5.0))), 10), Numeric)
    assert isinstance(grouped(Presence.new(), 10), Presence)
    truths = grouped(Frequencies.new(), 10, fixed=("false", "true"))
    assert isinstance(truths, Crosstab)
    assert truths.names == ("false", "true")

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.binning import Binning, keys_of
from lakedrift.fitting import fit
from lakedrift_kernels import grid
from lakedrift_kernels._jit import kernel

count_nested_cells = kernel(grid.count_nested_cells)
count_cells = kernel(grid.count_cells)
select_keys = kernel(grid.select_keys)
KEYS = st.integers(0, 2**64 - 1)
NOTHING_YET = (2**64 - 1, 0)


def count(keys, binning: Binning, n=None, before=NOTHING_YET) -> tuple[np.ndarray, tuple[int, int]]:
    """Count by the kernel for divided leaves, which serves every grid."""
    counts, extremes = np.zeros(binning.n_cells, np.int64), np.array(before, np.uint64)
    n = len(keys) if n is None else n
    count_nested_cells(keys, n, binning.index, binning.outer, binning.leaves, binning.inner, counts, extremes)
    return counts, tuple(extremes.tolist())


def count_undivided(keys, binning: Binning) -> tuple[np.ndarray, tuple[int, int]]:
    counts, extremes = np.zeros(binning.n_cells, np.int64), np.array(NOTHING_YET, np.uint64)
    count_cells(keys, len(keys), binning.index, binning.outer, counts, extremes)
    return counts, tuple(extremes.tolist())


def searched(keys, binning: Binning) -> np.ndarray:
    """Count by looking every key up among the edges."""
    cells = np.searchsorted(binning.edges, keys, side="right") - 1
    return np.bincount(cells, minlength=binning.n_cells)


@st.composite
def grids_and_keys(draw) -> tuple[Binning, np.ndarray]:
    """A grid fitted to some sample, and keys that have nothing to do with it, or lie on and beside its edges."""
    dtype = draw(st.sampled_from(strategies.DTYPES))
    sample = draw(strategies.samples(dtype))
    binning = replace(fit(sample), linear=None)  # whose cells other kernels find
    of_sample = [] if not len(sample) else keys_of(sample, binning.axis).tolist()
    edges = binning.edges[draw(st.lists(st.integers(0, binning.n_cells - 1), max_size=10))].tolist()
    inner = keys_of(sample, binning.axis)[: 5 if len(sample) else 0]
    near = binning.edges[np.searchsorted(binning.edges, inner, side="right") - 1].tolist()
    beside = [(key + step) % 2**64 for key in [*edges, *near, *of_sample[:5]] for step in (-1, 0, 1)]
    return binning, np.array([*draw(st.lists(KEYS, max_size=20)), *of_sample, *beside], np.uint64)


@given(case=grids_and_keys())
def test_count_nested_cells__equals_searching_the_edges(case):
    binning, keys = case
    counts, extremes = count(keys, binning)
    np.testing.assert_array_equal(counts, searched(keys, binning))
    assert extremes == ((int(keys.min()), int(keys.max())) if len(keys) else NOTHING_YET)


@given(case=grids_and_keys())
def test_count_cells__equals_searching_the_edges_where_no_leaf_is_divided(case):
    binning, keys = case
    plain = replace(binning, nested=binning.nested[:0])
    counts, extremes = count_undivided(keys, plain)
    np.testing.assert_array_equal(counts, searched(keys, plain))
    assert extremes == count(keys, plain)[1]


@given(case=grids_and_keys(), data=st.data())
def test_count_nested_cells__a_greater_key_is_in_no_smaller_cell(case, data):
    binning, keys = case
    low, high = sorted([data.draw(st.sampled_from([0, 2**64 - 1, *keys.tolist()])), data.draw(KEYS)])
    cells = [int(np.flatnonzero(count(np.array([key], np.uint64), binning)[0])[0]) for key in (low, high)]
    assert cells[0] <= cells[1]


@given(case=grids_and_keys(), data=st.data())
def test_select_keys__copies_those_of_the_wanted_cells_in_order(case, data):
    binning, keys = case
    cells = np.searchsorted(binning.edges, keys, side="right") - 1
    wanted = np.zeros(binning.n_cells, bool)
    wanted[data.draw(st.lists(st.sampled_from([0, *cells.tolist()])))] = True
    selected = np.full(len(keys), 7, np.uint64)
    about = np.zeros(1 << 20, bool)
    about[keys[wanted[cells]] >> np.uint64(44)] = True
    found = select_keys(keys, len(keys), *binning.tables, about, wanted, selected)
    assert selected[:found].tolist() == keys[wanted[cells]].tolist()


def test_count_nested_cells__on_paper():
    """Root 1 is cut at its key 4, 6 and 8; the leaf from 6 up to 8 is cut once more, at 7."""
    root = 1 << 48
    octaves, windows = np.zeros(1, np.uint64), np.array([[1, root + 2, 1, 3]], np.uint64)
    binning = Binning("double", octaves, windows, np.array([[3, root + 6, 0, 1]], np.uint64), 0.0, 1.0)
    keys = np.array([0, root, root + 3, root + 4, root + 6, root + 7, root + 8, 2 * root - 1, 2 * root, 2**64 - 1], np.uint64)
    counts, extremes = count(keys, binning)
    assert counts[:8].tolist() == [1, 2, 1, 1, 1, 2, 1, 0]
    assert counts[-1] == 1
    assert extremes == (0, 2**64 - 1)


def test_count_nested_cells__adds_only_the_first_n_to_what_was_there():
    binning = fit(np.arange(10.0))
    keys = keys_of(np.array([3.0, 4.0, 99.0]), "double")
    counts, extremes = count(keys, binning, n=2, before=(int(keys[1]), int(keys[1])))
    assert counts.sum() == 2
    assert extremes == (int(keys[0]), int(keys[1]))


@pytest.mark.parametrize("counted", [count, count_undivided])
def test_counting__no_keys(counted):
    counts, extremes = counted(np.empty(0, np.uint64), fit(np.empty(0)))
    assert not counts.any()
    assert extremes == NOTHING_YET

"""Grids: one interval of keys a cell, exact on the edges that two of them share, and the same after a trip through text."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

from lakedrift.binning import Binning, common_edges, key_values, keys_of
from lakedrift.fitting import fit

few = settings(max_examples=20)  # 65,536 cells and more a grid
AXES = {"float64": "double", "float32": "double", "int32": "double", "int64": "int64", "uint64": "uint64"}
WIDE = {"int64": [-(2**63), 2**53 + 1], "uint64": [2**53 + 1, 2**64 - 1]}


@st.composite
def grids(draw, dtype: str = "float64") -> Binning:
    """Grids fitted to anything; 64-bit integers with the extremes that give them an axis of their own."""
    sample = draw(strategies.samples(dtype))
    if dtype.startswith("float") and draw(st.booleans()):  # enough to be laid out in linear cells
        seed, scale = draw(st.integers(0, 99)), draw(st.sampled_from([1e-3, 1.0, 1e6]))
        return fit((scale * np.random.default_rng(seed).normal(draw(st.sampled_from([0, 40])), 1, 2000)).astype(dtype))
    return fit(np.append(sample, np.array(WIDE.get(dtype, []), dtype)))


ANY_GRID = st.sampled_from(sorted(AXES)).flatmap(grids)
WHOLE = st.one_of(
    st.sampled_from([sign * (2**53 + step) for sign in (1, -1) for step in range(-3, 4)]),
    st.integers(-5, 5),
    st.integers(-(2**63), 2**63 - 1),
)


def cells_of(values, binning: Binning, edges: np.ndarray) -> list[int]:
    return (np.searchsorted(edges, keys_of(values, binning.axis), side="right") - 1).tolist()


@given(binning=ANY_GRID)
def test_edges__ascend_from_zero_one_for_each_cell(binning):
    assert len(binning.edges) == binning.n_cells
    assert binning.edges[0] == 0
    assert (binning.edges[1:] > binning.edges[:-1]).all()


@given(binning=ANY_GRID, keys=st.lists(st.integers(0, 2**64 - 1), min_size=1))
def test_leaf_range__holds_the_keys_of_the_leaf(binning, keys):
    for key, leaf in zip(keys, binning.leaf_of(np.array(keys, np.uint64)).tolist(), strict=True):
        start, end = binning.leaf_range(leaf)
        assert start <= key < end
        assert start == binning.leaf_edges[leaf]
        assert end == (binning.leaf_edges[leaf + 1] if leaf + 1 < len(binning.leaf_edges) else 2**64)


@given(binning=ANY_GRID)
def test_edges__are_multiples_of_a_power_of_two_no_finer_than_their_window(binning):
    if binning.linear is not None:  # whose edges are looked at on their own
        return
    finest = np.repeat(np.where(np.isin(np.arange(4096), binning.octaves), np.uint64(48), np.uint64(52)), 16)
    finest[binning.windows[:, 0]] = binning.windows[:, 2]
    edges = binning.leaf_edges
    unit = np.uint64(1) << finest[edges >> np.uint64(48)]
    assert not (edges % unit).any()


@given(binning=ANY_GRID)
def test_json__round_trip_is_equality(binning):
    again = Binning.from_json(binning.to_json())
    assert again == binning
    assert hash(again) == hash(binning)
    assert again.to_json() == binning.to_json()
    np.testing.assert_array_equal(again.edges, binning.edges)


@pytest.mark.parametrize(
    "change",
    [
        {"axis": "int64"},
        {"centre": 1.0},
        {"scale": 2.0},
        {"origin": 1},
        {"octaves": np.arange(2, dtype=np.uint64)},
        {"windows": np.array([[5, 5 << 48, 40, 3]], np.uint64)},
    ],
)
def test_equality__every_part_counts(change):
    parts = {
        "axis": "double",
        "octaves": np.zeros(1, np.uint64),
        "windows": np.empty((0, 4), np.uint64),
        "nested": np.empty((0, 4), np.uint64),
        "centre": 0.0,
        "scale": 1.0,
    }
    assert Binning(**parts) == Binning(**parts)
    assert Binning(**parts) != Binning(**{**parts, **change})
    assert Binning(**parts) != "a grid"


@pytest.mark.parametrize("dtype", sorted(AXES))
@given(data=st.data())
def test_keys__are_in_the_order_of_the_values_and_stand_for_them(dtype, data):
    values = np.sort(data.draw(strategies.samples(dtype)))
    keys = keys_of(values, AXES[dtype])
    assert (values[1:] > values[:-1]).tolist() == (keys[1:] > keys[:-1]).tolist()
    np.testing.assert_array_equal(key_values(keys, AXES[dtype]), values.astype(np.float64))


@few
@given(one=grids(), other=grids(), values=strategies.samples("float64"))
def test_common_edges__are_the_intersection_and_cut_both_alike(one, other, values):
    edges, others = common_edges(one, other)
    assert set(edges.tolist()) == set(one.edges.tolist()) & set(other.edges.tolist())
    np.testing.assert_array_equal(edges, others)
    for binning in (one, other):
        fine = np.bincount(cells_of(values, binning, binning.edges), minlength=binning.n_cells)
        coarse = np.add.reduceat(fine, np.searchsorted(binning.edges, edges))
        np.testing.assert_array_equal(coarse, np.bincount(cells_of(values, binning, edges), minlength=len(edges)))


@settings(max_examples=15)
@given(three=st.tuples(grids(), grids("float32"), grids("int32")))
def test_common_edges__of_three_do_not_depend_on_the_order(three):
    def shared(edges: np.ndarray, binning: Binning) -> np.ndarray:
        return np.intersect1d(edges, common_edges(three[0], binning)[0])

    found = [functools.reduce(shared, order, three[0].edges) for order in (three, three[::-1])]
    np.testing.assert_array_equal(*found)
    np.testing.assert_array_equal(common_edges(three[0], three[0])[0], three[0].edges)


@pytest.mark.parametrize(
    ("one", "other"), [("float64", "int64"), ("int32", "uint64"), ("int64", "uint64"), ("float64", "uint64")]
)
@few
@given(data=st.data())
def test_common_edges__across_axes_put_the_same_number_in_the_same_cell(one, other, data):
    grid, another = data.draw(grids(one)), data.draw(grids(other))
    edges, others = common_edges(grid, another)
    assert set(edges.tolist()) <= set(grid.edges.tolist())
    assert set(others.tolist()) <= set(another.edges.tolist())
    assert (edges[1:] > edges[:-1]).all()
    assert (others[1:] > others[:-1]).all()
    least = 0 if "uint64" in (one, other) else -(2**63)
    values = np.array(data.draw(st.lists(WHOLE.filter(lambda value: value >= least), min_size=1)), np.int64)
    assert cells_of(values, grid, edges) == cells_of(values, another, others)
    np.testing.assert_array_equal(common_edges(another, grid)[0], others)


@pytest.mark.parametrize("border", [2**53, -(2**53)])
def test_common_edges__where_doubles_stop_telling_integers_apart(border):
    """On the double axis -2**53 - 1 becomes -2**53 and so passes an edge there: that edge cannot be common."""
    inner = border - 1 if border > 0 else border + 1
    grid, another = fit(np.array([inner, inner - border // 2**53])), fit(np.arange(border - 3, border + 4))
    assert (grid.axis, another.axis) == ("double", "int64")
    edges, others = common_edges(grid, another)
    values = np.array([border + step for step in range(-3, 4)])
    assert cells_of(values, grid, edges) == cells_of(values, another, others)
    assert len(set(cells_of(values, grid, edges))) > 3


def test_common_edges__of_numbers_around_zero():
    """The greatest negative double has its own cell, which ends at the key of -0.0, a value that never occurs."""
    tiny, wide = fit(np.array([-5e-324] * 9 + [0.0, 1.0])), fit(np.array([-(2**63), -1, 0, 0, 0, 1, 2**60]))
    edges, others = common_edges(tiny, wide)
    assert (edges[1:] > edges[:-1]).all()
    assert (others[1:] > others[:-1]).all()

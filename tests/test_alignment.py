"""Two grids on common ground: which cells hold one value, and what lies in them, exactly."""

from __future__ import annotations

import math
import struct

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.alignment import Alignment, align
from lakedrift.fitting import fit
from lakedrift.summaries.numeric import Numeric

SIGN, MINUS_INFINITY, PLUS_INFINITY = 1 << 63, 0x000FFFFFFFFFFFFF, 0xFFF0000000000000  # keys
SPECIAL = [0, SIGN - 2, SIGN - 1, SIGN, SIGN + 1, MINUS_INFINITY, MINUS_INFINITY + 1, PLUS_INFINITY - 1, PLUS_INFINITY]
KEY = st.one_of(st.integers(0, (1 << 64) - 1), st.sampled_from(SPECIAL))
DOUBLES, INTEGERS, LONGS = ("double", "double"), ("int32", "int32"), ("int64", "int64")


def aligned(reference, current, grids=None) -> Alignment:
    sides = [np.asarray(values) for values in (reference, current)]
    states = [Numeric.new(fit(np.asarray(grid))) for grid in (grids or sides)]
    for state, values in zip(states, sides, strict=True):
        state.update(pa.array(values))
    return align(*states)


def double_of(key: int) -> float:
    """Return the double that a key stands for, the nearest infinity where it is no number."""
    bits = key ^ SIGN if key >= SIGN else ~key & ((1 << 64) - 1)
    (value,) = struct.unpack("d", struct.pack("Q", bits))
    return math.copysign(math.inf, key - SIGN) if math.isnan(value) else value


@given(keys=st.lists(KEY, min_size=1, max_size=12, unique=True).map(sorted))
def test_limits__are_the_doubles_of_the_keys_and_never_minus_zero(keys):
    starts, ends = np.array(keys, np.uint64), np.array([*(key - 1 for key in keys[1:]), (1 << 64) - 1], np.uint64)
    none = np.zeros((1, len(keys)), np.int64)
    found = Alignment("double", starts, ends, (none, none)).limits(np.arange(len(keys)))
    for start, end, (low, high) in zip(starts.tolist(), ends.tolist(), found, strict=True):
        assert (low, math.copysign(1, low)) == (double_of(start) + 0.0, math.copysign(1, double_of(start) + 0.0))
        assert (high, math.copysign(1, high)) == (
            (-5e-324, -1) if end == SIGN - 1 else (double_of(end), math.copysign(1, double_of(end)))
        )


def test_align__of_one_grid_keeps_its_cells_from_the_least_to_the_greatest_value():
    both = [1.0, 2.0, 4.0]
    alignment = aligned([1.0, 2.0], [2.0, 4.0], (both, both))
    edges, counts = alignment.cells(DOUBLES)[0].edges, [side.sum() for side in alignment.counts]
    assert (edges[0], edges[-1], counts) == (1.0, 4.0, [2, 2])


def test_align__of_two_grids_has_the_edges_of_both():
    apart = aligned([1.0, 2.0], [2.0, 4.0], ([1.0, 2.0], [2.0, 4.0]))
    one, other = fit(np.array([1.0, 2.0])).edges, fit(np.array([2.0, 4.0])).edges
    assert set(apart.starts[1:].tolist()) <= set(one.tolist()) & set(other.tolist())
    assert [side.sum() for side in apart.counts] == [2, 2]


def test_align__of_no_values_has_no_cells():
    alignment = aligned(np.empty(0), np.empty(0))
    assert alignment.cells(DOUBLES)[0].counts.shape == (1, 0)
    assert alignment.limits(np.empty(0, np.int64)) == []


def test_cells__between_whole_numbers_hold_one_integer_but_many_doubles():
    values = np.array([1, 2, 3], np.int32)
    alignment = aligned(values, values)
    assert alignment.cells(INTEGERS)[0].single.all()
    held = alignment.counts[0][0] > 0
    assert not alignment.cells(DOUBLES)[0].single[held][:-1].any()


@pytest.mark.parametrize(("step", "exact"), [(-2, True), (-1, True), (0, False), (1, False)])
def test_exact__where_one_key_stands_for_one_integer(step, exact):
    grid = [2**53 - 2, 2**53 - 1]
    alignment = aligned([2**53 + step], [2**53 + step], (grid, grid))
    assert alignment.exact(LONGS).tolist() == [exact]
    assert alignment.cells(LONGS)[0].single.tolist() == [exact]


def test_exact__fractions_have_no_key_on_an_integer_axis():
    alignment = aligned([2**60, 5], [2**60, 5])
    assert alignment.exact(LONGS).all()
    assert not alignment.exact(("int64", "double")).any()


def test_limits__are_exact_integers_where_doubles_would_be_rounded():
    values = [2**60 + 1, 2**60 + 3]
    alignment = aligned(values, values)
    assert alignment.limits(np.flatnonzero(alignment.counts[0][0])) == [(value, value) for value in values]


def test_limits__of_the_outer_cells_are_open_where_the_other_side_has_another_axis():
    alignment = aligned(np.array([0, 2**64 - 1], np.uint64), np.array([-(2**63), 2**63 - 1]))
    ends = alignment.limits(np.array([0, len(alignment.starts) - 1]))
    assert (ends[0][0], ends[-1][1]) == (-math.inf, math.inf)
    assert not alignment.cells(("uint64", "int64"))[0].single[[0, -1]].any()

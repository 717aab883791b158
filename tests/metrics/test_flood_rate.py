"""Flood rate, against its definition over the values of every cell that stands alone."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import distances, pvalues, views
from strategies import counted_twice

from lakedrift.metric import Cells
from lakedrift.metrics import flood_rate
from lakedrift.metrics.flood_rate import Floods

PLACE = st.one_of(st.integers(0, 7), st.sampled_from([3, 3, 3, 6]))
PLACES = st.lists(PLACE, min_size=1, max_size=40)
EDGES = range(9)


def oracle(reference: list[float], current: list[float]) -> float:
    """Return the greatest increase in the share of one value, in cells between whole numbers that stand alone."""
    before, after = (
        distances.shares([sum(int(value) == cell for value in side) for cell in range(8)]) for side in (reference, current)
    )
    best = Fraction(0)
    for value in set(current):
        cell = int(value)
        around = max(after[near] for near in (cell - 1, cell + 1) if 0 <= near < 8)
        if after[cell] >= 10 * before[cell] and after[cell] >= 10 * around:
            best = max(best, Fraction(current.count(value), len(current)) - Fraction(reference.count(value), len(reference)))
    return float(best)


def of_counts(reference: list[int], current: list[int]) -> Floods:
    """Return two sides counted in cells of one value each."""
    width = len(reference)
    edges, single = np.arange(width + 1.0), np.ones(width, bool)
    return Floods(Cells(np.array([reference]), edges, single), Cells(np.array([current]), edges, single))


@given(x=PLACES, y=PLACES)
def test_statistic__of_single_cells_equals_the_oracle(x, y):
    sides = Floods(*views.cells(x, y, EDGES, [True] * 8))
    expected = pytest.approx([oracle(x, y)], abs=1e-15)
    assert flood_rate.statistic(sides) == expected
    assert flood_rate.bounded(sides) == (expected,) * 3


@given(x=PLACES, y=PLACES, data=st.data())
def test_bounds__hold_the_oracle_and_equal_it_where_values_are_known(x, y, data):
    single = data.draw(st.lists(st.booleans(), min_size=8, max_size=8))
    inside = st.sampled_from([0.0, 0.25, 0.5])
    x, y = ([place if single[place] else place + data.draw(inside) for place in side] for side in (x, y))
    sides = views.cells(x, y, EDGES, single)
    _, lower, upper = flood_rate.bounded(Floods(*sides))
    assert lower[0] - 1e-15 <= oracle(x, y) <= upper[0] + 1e-15
    settled = [views.known(side, values) for side, values in zip(sides, (x, y), strict=True)]
    assert flood_rate.bounded(Floods(*settled)) == (pytest.approx([oracle(x, y)], abs=1e-15),) * 3


@given(counts=counted_twice())
def test_doubts__of_single_cells_are_none(counts):
    assert not flood_rate.doubts(of_counts(*counts)).any()


def test_statistic__a_value_out_of_nowhere_is_a_flood_and_a_shift_is_none():
    spread, nothing = [10] * 100, [0] * 100
    flooded = [*spread[:40], 500, *spread[41:]]
    assert flood_rate.statistic(of_counts(spread, flooded)) == pytest.approx([500 / 1_490 - 0.01])
    assert flood_rate.statistic(of_counts(spread + nothing, nothing + spread)) == [0.0]
    assert flood_rate.statistic(of_counts(flooded, flooded)) == [0.0]
    assert flood_rate.statistic(of_counts(flooded, spread)) == [0.0]


def test_pvalue__is_that_of_the_flooded_cell_against_the_rest():
    sides = of_counts([30, 1, 0, 40], [30, 0, 13, 0])
    expected = 2 * pvalues.two_shares(0, 71, 13, 43)  # chosen from two cells
    assert flood_rate.pvalue(sides, flood_rate.statistic(sides)) == pytest.approx([expected], rel=1e-9)

"""Kolmogorov-Smirnov distance, against SciPy, exact fractions and the limit law's series."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import distances, pvalues, views
from scipy import stats

from lakedrift.metric import Cells
from lakedrift.metrics import ks

PLACES = st.lists(st.integers(0, 7), min_size=1, max_size=30)
EDGES = [float(place) for place in range(9)]


def sized(n: int, m: int) -> tuple[Cells, Cells]:
    """Return two sides of so many rows."""
    return tuple(Cells(np.array([[rows]]), np.zeros(2), np.array([True])) for rows in (n, m))


@given(x=PLACES, y=PLACES)
def test_bounds__of_single_cells_equal_the_oracle_to_the_last_bit(x, y):
    sides = views.cells(x, y, EDGES, [True] * 8)
    exact = float(distances.ks(x, y))
    assert ks.statistic(*sides) == ks.bounded(*sides)[1] == ks.bounded(*sides)[2] == [exact]


@given(x=PLACES, y=PLACES, data=st.data())
def test_bounds__hold_the_oracle(x, y, data):
    single = data.draw(st.lists(st.booleans(), min_size=8, max_size=8))
    inside = st.sampled_from([0.0, 0.25, 0.5])
    x, y = ([place if single[place] else place + data.draw(inside) for place in side] for side in (x, y))
    sides = views.cells(x, y, EDGES, single)
    _, lower, upper = ks.bounded(*sides)
    assert lower[0] == ks.statistic(*sides)[0] <= float(distances.ks(x, y)) <= upper[0]


@given(x=PLACES, y=PLACES, data=st.data())
def test_bounds__with_every_value_in_doubt_known_equal_the_oracle_to_the_last_bit(x, y, data):
    single = data.draw(st.lists(st.booleans(), min_size=8, max_size=8))
    inside = st.sampled_from([0.0, 0.25, 0.5])
    x, y = ([place if single[place] else place + data.draw(inside) for place in side] for side in (x, y))
    sides = [views.known(side, values) for side, values in zip(views.cells(x, y, EDGES, single), (x, y), strict=True)]
    assert ks.statistic(*sides) == ks.bounded(*sides)[1] == ks.bounded(*sides)[2] == [float(distances.ks(x, y))]


def test_statistic__equals_scipy():
    random = np.random.default_rng(1)
    x, y = random.integers(0, 60, 2_000), random.integers(3, 61, 1_700)
    sides = views.cells(x, y, range(62), [True] * 61)
    assert ks.statistic(*sides) == pytest.approx([stats.ks_2samp(x, y).statistic], abs=1e-12)


@pytest.mark.parametrize("rows", [(500, 700), (10**6, 10**6), (4 * 10**9, 6 * 10**9), (10**12, 10**12)])
@pytest.mark.parametrize("z", [0.1, 0.5, 1.0, 2.0, 10.0, 18.0])
def test_pvalue__is_that_of_the_limit_law_for_samples_of_any_size(rows, z):
    """SciPy's own test wraps around where n m / (n + m) passes 2**31, and says 1.0 of what cannot be chance."""
    n, m = rows
    distance = z / math.sqrt(n * m / (n + m))
    found = ks.pvalue(*sized(n, m), np.array([distance]))
    assert found == pytest.approx([pvalues.kolmogorov_tail(distance, n, m)], rel=1e-9)


def test_pvalue__equals_scipys_asymptotic_one():
    random = np.random.default_rng(1)
    x, y = random.normal(size=3_000), random.normal(0.05, size=3_000)
    expected = stats.ks_2samp(x, y, method="asymp")
    found = ks.pvalue(*sized(3_000, 3_000), np.array([expected.statistic]))
    assert found == pytest.approx([expected.pvalue], rel=0.05)

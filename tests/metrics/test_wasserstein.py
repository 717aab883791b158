"""Wasserstein distance, against SciPy and exact fractions."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import distances, views
from scipy import stats

from lakedrift.metrics import wasserstein

PLACES = st.lists(st.integers(0, 7), min_size=1, max_size=30)
EDGES = [-3.0, -1.0, 0.0, 0.5, 2.0, 2.5, 100.0, 101.0, 150.0]


@given(x=PLACES, y=PLACES)
def test_statistic__of_single_cells_equals_the_oracle(x, y):
    x, y = ([EDGES[place] for place in side] for side in (x, y))
    sides = views.cells(x, y, EDGES, [True] * 8)
    exact = pytest.approx([float(distances.wasserstein(Counter(x), Counter(y)))], rel=1e-12, abs=1e-12)
    assert wasserstein.statistic(*sides) == exact
    assert wasserstein.bounded(*sides)[1:] == (exact, exact)


@given(x=PLACES, y=PLACES, data=st.data())
def test_bounds__hold_the_oracle(x, y, data):
    single = data.draw(st.lists(st.booleans(), min_size=8, max_size=8))
    values = [[EDGES[place] if single[place] else data.draw(inside(place)) for place in side] for side in (x, y)]
    sides = views.cells(*values, EDGES, single)
    _, lower, upper = wasserstein.bounded(*sides)
    exact = float(distances.wasserstein(*map(Counter, values)))
    assert lower[0] - 1e-12 <= exact <= upper[0] + 1e-12
    assert lower[0] <= wasserstein.statistic(*sides)[0] <= upper[0]


def inside(place: int):
    return st.floats(EDGES[place], math.nextafter(EDGES[place + 1], -math.inf))


def test_statistic__equals_scipy():
    random = np.random.default_rng(1)
    x, y = random.integers(0, 60, 2_000), random.integers(3, 61, 1_700)
    sides = views.cells(x, y, range(62), [True] * 61)
    assert wasserstein.statistic(*sides) == pytest.approx([stats.wasserstein_distance(x, y)], rel=1e-12)


def test_statistic__is_infinite_where_the_shares_of_an_infinity_differ():
    edges = [-math.inf, 0.0, 1.0, math.inf, math.inf]
    sides = views.cells([-math.inf, 0.0, 0.0], [0.0, 0.0, 0.0], edges, [True] * 4)
    assert wasserstein.statistic(*sides) == [math.inf]

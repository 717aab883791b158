from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import distances
from scipy import stats

from lakedrift_kernels import wasserstein

INF = math.inf
EDGE = st.one_of(st.integers(-20, 20).map(float), st.floats(-1e6, 1e6, allow_subnormal=False))
EDGES = st.lists(EDGE, min_size=2, max_size=8, unique=True).map(sorted)
COUNT = st.one_of(st.integers(0, 5), st.integers(5 * 10**9, 10**10))


def measure(reference, current, edges, single) -> tuple[float, float, float]:
    outputs = np.full((3, 1), -1.0)
    sides = (np.array([side], np.int64) for side in (reference, current))
    wasserstein.bounds(*sides, np.array(edges, np.float64), np.array(single, np.bool_), *outputs)
    return tuple(outputs[:, 0].tolist())


def rounding(edges) -> float:
    """A rounded difference of shares is an ulp of one off, all along the grid."""
    return 1e-15 * (edges[-1] - edges[0])


@st.composite
def counted_values(draw):
    """Draw edges, which cells are single, two samples of values, and how many of them each cell holds."""
    edges = draw(EDGES)
    cells = st.integers(0, len(edges) - 2)
    single = draw(st.lists(st.booleans(), min_size=len(edges) - 1, max_size=len(edges) - 1))
    samples, counts = [], []
    for _ in range(2):
        chosen = draw(st.lists(cells, min_size=1, max_size=15))
        counts.append([chosen.count(cell) for cell in range(len(single))])
        samples.append([edges[cell] if single[cell] else draw(value_between(edges[cell], edges[cell + 1])) for cell in chosen])
    return edges, single, samples, counts


def value_between(start, end):
    last = math.nextafter(end, -INF)
    return st.one_of(st.sampled_from([start, last]), st.floats(start, last))


@st.composite
def counted_cells(draw):
    """Draw counts of two sides, edges, and which cells are single."""
    edges = draw(EDGES)
    n_cells = len(edges) - 1
    reference, current = (draw(st.lists(COUNT, min_size=n_cells, max_size=n_cells).filter(any)) for _ in range(2))
    return reference, current, edges, draw(st.lists(st.booleans(), min_size=n_cells, max_size=n_cells))


@given(counted=counted_values())
def test_bounds__contain_the_distance_of_the_values_counted(counted):
    edges, single, samples, counts = counted
    lower, _, upper = measure(*counts, edges, single)
    exact = distances.wasserstein(*map(Counter, samples))
    assert lower - rounding(edges) <= exact <= upper + rounding(edges)


@given(cells=counted_cells())
def test_bounds__of_single_cells_are_the_distance(cells):
    reference, current, edges, _ = cells
    lower, estimate, upper = measure(reference, current, edges, [True] * len(reference))
    exact = distances.wasserstein(*(dict(zip(edges, side, strict=False)) for side in (reference, current)))
    assert lower == estimate == upper == pytest.approx(float(exact), rel=1e-12, abs=rounding(edges))


@given(cells=counted_cells())
def test_bounds__estimate_spreads_the_mass_of_a_cell_evenly(cells):
    _, estimate, _ = measure(*cells)
    assert estimate == pytest.approx(float(distances.wasserstein_spread(*cells)), rel=1e-12, abs=rounding(cells[2]))


@given(cells=counted_cells())
def test_bounds__are_symmetric_ordered_and_within_the_grid(cells):
    reference, current, edges, single = cells
    lower, estimate, upper = measure(reference, current, edges, single)
    assert (lower, estimate, upper) == measure(current, reference, edges, single)
    assert 0.0 <= lower <= estimate <= upper <= (edges[-1] - edges[0]) * (1 + 1e-15 * len(edges))


@given(cells=counted_cells(), factor=st.integers(1, 1_000))
def test_bounds__of_equal_shares_are_what_the_cells_leave_open(cells, factor):
    reference, _, edges, single = cells
    lower, estimate, upper = measure(reference, [factor * count for count in reference], edges, single)
    widths = [0.0 if only else end - start for (start, end), only in zip(itertools.pairwise(edges), single, strict=True)]
    assert (lower, estimate) == (0.0, 0.0)
    assert upper == pytest.approx(np.dot(reference, widths) / sum(reference), rel=1e-12, abs=rounding(edges))


def test_bounds__of_distant_cells_are_their_nearest_and_farthest_ends():
    assert measure([8, 0, 0, 0], [0, 0, 0, 3], [1.0, 2.0, 4.0, 8.0, 16.0], [False] * 4) == (6.0, 10.5, 15.0)


def test_bounds__equal_scipy():
    random = np.random.default_rng(1)
    values = np.unique(random.normal(size=50))
    reference, current = random.integers(0, 1_000, (2, 50))
    expected = stats.wasserstein_distance(values, values, reference, current)
    assert measure(reference, current, [*values, INF], [True] * 50) == (pytest.approx(expected, rel=1e-12),) * 3


@pytest.mark.parametrize(
    ("reference", "current", "edges", "single", "expected"),
    [
        pytest.param([0, 1, 1, 0], [0, 2, 0, 0], [-INF, 0, 1, 2, INF], [0, 1, 1, 0], (0.5, 0.5, 0.5), id="outer cells empty"),
        pytest.param([2, 1, 1], [4, 4, 0], [-INF, 0, 1, INF], [1, 1, 1], (0.25, 0.25, 0.25), id="same share at -inf"),
        pytest.param([1, 1, 2], [4, 0, 4], [0, 1, INF, INF], [1, 1, 1], (0.25, 0.25, 0.25), id="same share at inf"),
        pytest.param([1, 1], [2, 0], [-INF, 0, 1], [1, 1], (INF, INF, INF), id="another share at -inf"),
        pytest.param([1, 1], [2, 0], [0, INF, INF], [1, 1], (INF, INF, INF), id="another share at inf"),
        pytest.param([1, 1], [3, 3], [0, 1, INF], [1, 0], (0.0, 0.0, INF), id="same share in an endless cell"),
        pytest.param([1, 3], [2, 2], [0, 1, INF], [1, 0], (0.25, INF, INF), id="another share in an endless cell"),
        pytest.param([1, 0], [0, 1], [-INF, INF, INF], [0, 0], (0.0, INF, INF), id="endless both ways"),
        pytest.param([1, 1, 0], [1, 0, 1], [0, 1, 1, 3], [1, 1, 1], (0.0, 0.0, 0.0), id="a cell without width"),
        pytest.param([3, 1], [2, 2], [-1.5e308, 1.5e308, INF], [1, 1], (7.5e307,) * 3, id="farther apart than a double"),
    ],
)
def test_bounds__at_the_ends_of_the_line(reference, current, edges, single, expected):
    assert measure(reference, current, edges, single) == expected


def test_bounds__groups_are_independent_and_empty_sides_nan():
    reference = np.array([[1, 2, 3], [0, 0, 0], [4, 0, 1], [0, 0, 0]])
    current = np.array([[3, 2, 1], [1, 0, 0], [0, 0, 0], [0, 0, 0]])
    edges, single = np.array([0.0, 1.0, 5.0, 7.0]), np.array([False, True, False])
    outputs = np.full((3, 4), -1.0)
    wasserstein.bounds(reference, current, edges, single, *outputs)
    assert tuple(outputs[:, 0]) == measure(reference[0], current[0], edges, single)
    assert np.isnan(outputs[:, 1:]).all()


def test_bounds__no_groups_and_no_cells():
    nothing = np.zeros((0, 3), np.int64)
    wasserstein.bounds(nothing, nothing, np.arange(4.0), np.zeros(3, np.bool_), *np.zeros((3, 0)))
    assert all(map(math.isnan, measure([], [], [0.0], [])))

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import distances
from scipy import stats

from lakedrift_kernels import ecdf

VALUES = st.one_of(st.integers(-3, 3).map(float), st.sampled_from([-math.inf, -0.0, math.inf]), st.floats(allow_nan=False))
SAMPLES = st.lists(VALUES, min_size=1, max_size=30)
HUGE = st.one_of(st.integers(0, 3), st.integers(0, 10_000), st.integers(5 * 10**9, 10**10), st.integers(2**52, 2**57))
CELLS = st.lists(st.tuples(HUGE, HUGE, st.booleans()), min_size=1, max_size=10)


def ks_in_one_cell(x, y) -> tuple[int, int]:
    """Return the pair of two samples, all of whose values lie in one cell."""
    values, keys = np.unique(np.array([*x, *y], np.float64), return_inverse=True)
    sides = (np.unique(part.astype(np.uint64), return_counts=True) for part in (keys[: len(x)], keys[len(x) :]))
    out, sizes = np.full(2, -1), np.array([len(x), len(y)])
    (x_keys, x_counts), (y_keys, y_counts) = sides
    ends = np.array([len(values)], np.uint64)
    ecdf.ks_values(x_keys, x_counts, y_keys, y_counts, ends, np.zeros((1, 2), np.int64), sizes, out)
    return int(out[0]), int(out[1])


def ks_cells(reference, current, single) -> tuple[tuple[int, int], tuple[int, int]]:
    attained, reachable = np.full((1, 2), -1), np.full((1, 2), -1)
    sides = (np.array([side], np.int64) for side in (reference, current))
    ecdf.ks_cells(*sides, np.array(single, np.bool_), attained, reachable)
    return tuple(attained[0].tolist()), tuple(reachable[0].tolist())


def distance(pair, n, m) -> Fraction:
    return abs(Fraction(pair[0] * m - pair[1] * n, n * m))


def borders(reference, current) -> list[tuple[int, int]]:
    return [(sum(reference[:i]), sum(current[:i])) for i in range(len(reference) + 1)]


@given(x=SAMPLES, y=SAMPLES)
def test_ks_values__is_the_correctly_rounded_fraction(x, y):
    c1, c2 = ks_in_one_cell(x, y)
    expected = distances.ks(x, y)
    assert distance((c1, c2), len(x), len(y)) == expected
    assert abs(c1 * len(y) - c2 * len(x)) / (len(x) * len(y)) == float(expected)


@given(x=SAMPLES, y=SAMPLES)
def test_ks_values__counts_at_the_first_farthest_value(x, y):
    c1, c2 = ks_in_one_cell(x, y)
    pairs = [(int(np.sum(np.array(x) <= v)), int(np.sum(np.array(y) <= v))) for v in sorted({*x, *y})]
    farthest = [pair for pair in pairs if distance(pair, len(x), len(y)) == distances.ks(x, y)]
    assert (c1, c2) == (farthest[0] if distances.ks(x, y) else (0, 0))


@given(x=SAMPLES, y=SAMPLES)
def test_ks_values__is_symmetric_and_zero_on_itself(x, y):
    assert ks_in_one_cell(x, y) == ks_in_one_cell(y, x)[::-1]
    assert ks_in_one_cell(x, x + x) == (0, 0)


def test_ks_values__equals_scipy():
    random = np.random.default_rng(1)
    x, y = random.normal(size=1_000).round(1), random.normal(0.1, 1.2, size=1_300).round(1)
    c1, c2 = ks_in_one_cell(x, y)
    assert abs(c1 * 1_300 - c2 * 1_000) / 1_300_000 == pytest.approx(stats.ks_2samp(x, y).statistic, abs=1e-12)


@pytest.mark.parametrize(("x", "y"), [([], []), ([1.0], []), ([], [1.0, 2.0])])
def test_ks_values__of_an_empty_sample(x, y):
    assert ks_in_one_cell(x, y) == (0, 0)


@given(cells=CELLS)
def test_ks_cells__attained_is_the_first_farthest_border(cells):
    reference, current, single = zip(*cells, strict=True)
    n, m = sum(reference), sum(current)
    attained, _ = ks_cells(reference, current, single)
    pairs = borders(reference, current)
    assert attained == max(pairs, key=lambda pair: abs(pair[0] * m - pair[1] * n))


@given(cells=CELLS)
def test_ks_cells__reachable_is_the_farthest_corner(cells):
    reference, current, single = zip(*cells, strict=True)
    n, m = sum(reference), sum(current)
    _, reachable = ks_cells(reference, current, single)
    pairs = borders(reference, current)
    inside = [
        corner
        for (c1, c2), f, h, only in zip(pairs, reference, current, single, strict=False)
        if not only
        for corner in ((c1 + f, c2), (c1, c2 + h))
    ]
    farthest = max(abs(c1 * m - c2 * n) for c1, c2 in pairs + inside)
    assert abs(reachable[0] * m - reachable[1] * n) == farthest
    assert reachable in pairs + inside


@given(data=st.data(), single=st.lists(st.booleans(), min_size=1, max_size=6))
def test_ks_cells__bound_the_distance_of_the_values_counted(data, single):
    sides = []
    for _ in range(2):
        cells = data.draw(st.lists(st.integers(0, len(single) - 1), min_size=1, max_size=25))
        sides.append([cell if single[cell] else cell + data.draw(st.sampled_from([0.0, 0.1, 0.5, 0.9])) for cell in cells])
    n, m = map(len, sides)
    counts = [np.bincount(np.array(side, np.int64), minlength=len(single)) for side in sides]
    attained, reachable = ks_cells(*counts, single)
    exact = distances.ks(*sides)
    assert distance(attained, n, m) <= exact <= distance(reachable, n, m)
    assert not all(single) or attained == reachable


@given(cells=CELLS)
def test_ks_cells__is_symmetric_and_zero_at_the_borders_of_itself(cells):
    reference, current, single = zip(*cells, strict=True)
    n, m = sum(reference), sum(current)
    there, back = ks_cells(reference, current, single), ks_cells(current, reference, single)
    assert there[0] == back[0][::-1]
    assert abs(there[1][0] * m - there[1][1] * n) == abs(back[1][1] * m - back[1][0] * n)
    assert ks_cells(reference, reference, single)[0] == (0, 0)
    assert ks_cells(reference, reference, [True] * len(single)) == ((0, 0), (0, 0))


@pytest.mark.parametrize("m", [10**5, 4 * 10**9, 5 * 10**9, 10**10, 2**57])
def test_ks_cells__tells_products_apart_that_differ_by_one(m):
    """The gaps of (m/2 + 1, 1) and (m/2 + 1, m) are m²/2 - 1 and m²/2, where n = m + 1: the same number as doubles."""
    reference, current, single = [m // 2 + 1, 0, m // 2], [1, m - 1, 0], [True] * 3
    assert ks_cells(reference, current, single)[0] == (m // 2 + 1, m)
    assert ks_cells(reference[::-1], current[::-1], single)[0] == (m // 2, 0)


def test_ks_cells__tells_a_negative_round_product_from_a_larger_one():
    """Where n = m = 2**40, (0, 2**30) has the gap -2**70 and (2**31 + 1, 2**30) the gap 2**70 + 2**40."""
    reference, current = [0, 2**31 + 1, 2**40 - 2**31 - 1], [2**30, 0, 2**40 - 2**30]
    assert ks_cells(reference, current, [True] * 3)[0] == (2**31 + 1, 2**30)


def test_ks_cells__groups_are_independent_and_empty_sides_zero():
    reference = np.array([[1, 2, 3], [0, 0, 0], [4, 0, 1], [10**10, 0, 10**10]])
    current = np.array([[3, 2, 1], [1, 0, 0], [0, 0, 0], [1, 10**10, 0]])
    single = np.array([False, True, False])
    attained, reachable = np.full((4, 2), -1), np.full((4, 2), -1)
    ecdf.ks_cells(reference, current, single, attained, reachable)
    for g in (0, 3):
        pairs = tuple(attained[g].tolist()), tuple(reachable[g].tolist())
        assert pairs == ks_cells(reference[g], current[g], single)
    assert not attained[1:3].any()
    assert not reachable[1:3].any()


def test_ks_cells__no_groups_and_no_cells():
    nothing = np.zeros((0, 3), np.int64)
    ecdf.ks_cells(nothing, nothing, np.zeros(3, np.bool_), np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64))
    assert ks_cells([], [], []) == ((0, 0), (0, 0))


def ks_values(x, y, starts, ends) -> tuple[int, int]:
    """Return the pair where two samples of whole numbers are farthest apart at a value inside given ranges."""
    sides = [np.unique([value for value in side if inside(value, starts, ends)], return_counts=True) for side in (x, y)]
    (keys, counts), (others, other_counts) = ((found.astype(np.uint64), number.astype(np.int64)) for found, number in sides)
    before = np.array([[sum(value < start for value in side) for side in (x, y)] for start in starts], np.int64).reshape(-1, 2)
    out = np.full(2, -1)
    sizes = np.array([len(x), len(y)])
    ecdf.ks_values(keys, counts, others, other_counts, np.array(ends, np.uint64), before, sizes, out)
    return int(out[0]), int(out[1])


def inside(value, starts, ends) -> bool:
    return any(start <= value <= end for start, end in zip(starts, ends, strict=True))


WHOLE = st.lists(st.integers(0, 30), min_size=1, max_size=30)


@given(x=WHOLE, y=WHOLE, borders=st.lists(st.integers(0, 31), max_size=8, unique=True).map(sorted))
def test_ks_values__is_the_farthest_pair_at_a_value_inside_the_cells(x, y, borders):
    starts, ends = borders[: len(borders) // 2 * 2 : 2], [end - 1 for end in borders[1::2]]
    at = [value for value in sorted({*x, *y}) if inside(value, starts, ends)]
    pairs = [(sum(one <= value for one in x), sum(other <= value for other in y)) for value in at]
    farthest = max((distance(pair, len(x), len(y)) for pair in pairs), default=0)
    assert distance(ks_values(x, y, starts, ends), len(x), len(y)) == farthest


def test_ks_values__no_cells_and_no_values():
    assert ks_values([1], [2], [], []) == (0, 0)
    assert ks_values([1], [2], [5], [9]) == (0, 0)

"""A few bins, against a search in the edges and counting row by row."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lakedrift_kernels import bins

NUMBERS = st.sampled_from([0.0, -0.0, 1.0, -1.0, math.inf, -math.inf]) | st.floats(allow_nan=False)
STRIDE, PLACES = np.int32(3), 200


def padded(edges: list[float]) -> np.ndarray:
    return np.append(np.array(sorted(edges), float), [math.nan] * (bins.EDGES - len(edges)))


def read_only(values: list[float]) -> np.ndarray:
    array = np.array(values, float)
    array.flags.writeable = False
    return array


def bin_of(value: float, edges: list[float]) -> int:
    return len(edges) + 1 if value != value else int(np.searchsorted(np.array(sorted(edges), float), value, side="right"))


@given(values=st.lists(NUMBERS | st.just(math.nan), max_size=20), edges=st.lists(NUMBERS, max_size=bins.EDGES))
def test_bin_numbers__is_a_search(values, edges):
    found = np.full(len(values), 77, np.uint8)
    bins.bin_numbers(read_only(values), padded(edges), np.uint8(len(edges) + 1), found)
    assert found.tolist() == [bin_of(value, edges) for value in values]


@given(codes=st.lists(st.integers(-1, 4)))
def test_bin_codes__is_that_of_each_code(codes):
    of_codes, found = np.array([7, 0, 2, 2, 1, 5], np.uint8), np.full(len(codes), 77, np.uint8)
    bins.bin_codes(np.array(codes, np.int32), of_codes, found)
    assert found.tolist() == [int(of_codes[code + 1]) for code in codes]


ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 4)), max_size=30)


@given(rows=ROWS, times=st.integers(1, 500))
def test_add_pair__counts_both_columns_by_the_kinds_that_are_counted(rows, times):
    many = rows * times  # of more rows than a block too
    one, other, kinds = (np.array([row[at] for row in many], np.uint8) for at in range(3))
    ones, others = np.ones((3, 3), np.int64), np.ones((4, 3), np.int64)
    bins.add_pair(one, other, kinds, ones, others, np.zeros((4, 3, 5), np.int64), np.empty(bins.BLOCK, np.uint16))
    for counts, at in ((ones, 0), (others, 1)):
        expected = Counter((row[at], row[2]) for row in rows)
        assert counts.tolist() == [[1 + times * expected[bin_, kind] for kind in range(3)] for bin_ in range(len(counts))]


@given(rows=st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0, 1, 5, 100, int(bins.NOWHERE)])), max_size=20))
def test_add_bins__counts_each_row_in_its_bin(rows):
    found, places = np.array([bin_ for bin_, _ in rows], np.uint8), np.array([place for _, place in rows], np.int32)
    counts = np.zeros(PLACES, np.int64)
    bins.add_bins(found, places, STRIDE, counts)
    expected = (place + 3 * bin_ for bin_, place in rows)
    assert {place: n for place, n in enumerate(counts.tolist()) if n} == Counter(place for place in expected if place >= 0)


@given(pairs=st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 2))))
def test_pair_up__says_the_bin_of_the_label_and_whether_it_is_right(pairs):
    label, prediction = np.array([*pairs, (0, 0)], np.int32).T.copy()
    of_classes, kinds = np.array([4, 2, 0, 1], np.uint8), np.empty(len(label), np.uint8)
    bins.pair_up(label, prediction, of_classes, np.uint8(11), np.uint8(12), kinds)
    assert kinds[:-1].tolist() == [
        12 if true < 0 else 11 if said < 0 else 2 * int(of_classes[true + 1]) + (true != said) for true, said in pairs
    ]

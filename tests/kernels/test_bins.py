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


@st.composite
def rows(draw, values: st.SearchStrategy) -> tuple[list, np.ndarray]:
    """Return values, and where the rows are counted if their bin is the first."""
    found = draw(st.lists(st.tuples(values, st.sampled_from([0, 1, 5, 100, int(bins.NOWHERE)])), max_size=20))
    return [value for value, _ in found], np.array([place for _, place in found], np.int32)


@given(rows=rows(NUMBERS | st.just(math.nan)), edges=st.lists(NUMBERS, max_size=bins.EDGES))
def test_numbers__are_placed_by_a_search_and_counted_there(rows, edges):
    values, places = rows
    placed, counts = np.full(len(values), -7, np.int32), np.zeros(PLACES, np.int64)
    source = read_only(values), padded(edges), len(edges) + 1, places, STRIDE
    bins.place_numbers(*source, placed)
    expected = [place + 3 * bin_of(value, edges) for value, place in zip(values, places.tolist(), strict=True)]
    assert placed.tolist() == expected
    bins.add_numbers(*source, counts, np.empty(bins.BLOCK, np.int32))
    assert {place: n for place, n in enumerate(counts.tolist()) if n} == Counter(place for place in expected if place >= 0)


def test_add_numbers__more_rows_than_a_block():
    values, counts = read_only(np.arange(3.0 * bins.BLOCK).tolist()), np.zeros(9, np.int64)
    edges, places = padded([0.0, float(bins.BLOCK)]), np.zeros(len(values), np.int32)
    bins.add_numbers(values, edges, 3, places, np.int32(1), counts, np.empty(bins.BLOCK, np.int32))
    assert counts.tolist() == [0, bins.BLOCK, 2 * bins.BLOCK, 0, 0, 0, 0, 0, 0]


@given(rows=rows(st.integers(-1, 4)))
def test_add_bins__counts_each_value_in_its_bin(rows):
    values, places = rows
    of_values, counts = np.array([7, 0, 2, 2, 1, 5], np.int32), np.zeros(PLACES, np.int64)
    bins.add_bins(np.array(values, np.int32), of_values, places, STRIDE, counts)
    expected = (place + 3 * int(of_values[value + 1]) for value, place in zip(values, places.tolist(), strict=True))
    assert {place: n for place, n in enumerate(counts.tolist()) if n} == Counter(place for place in expected if place >= 0)


@given(pairs=st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 2))))
def test_pair_up__says_the_bin_of_the_label_and_whether_it_is_right(pairs):
    label, prediction = np.array([*pairs, (0, 0)], np.int32).T.copy()
    of_classes, kinds = np.array([4, 2, 0, 1], np.int32), np.empty(len(label), np.int32)
    bins.pair_up(label, prediction, of_classes, kinds)
    assert kinds[:-1].tolist() == [
        -1 if true < 0 else -2 if said < 0 else 2 * int(of_classes[true + 1]) + (true != said) for true, said in pairs
    ]

"""Counting by group, against NumPy row by row."""

from __future__ import annotations

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.binning import Binning, keys_of
from lakedrift.fitting import fit
from lakedrift_kernels import groups, moments, numbers
from lakedrift_kernels.numbers import BLOCK

ALL_VALID = np.empty(0, np.uint8)
SIGN = np.uint64(1 << 63)
# As plain Python, NumPy warns where a double overflows on its way to infinity, which is not near and so meant.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in scalar:RuntimeWarning")

CELLS = st.lists(st.tuples(st.integers(-2, 5), st.integers(0, 3)), max_size=40)


def buffers() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    doubles = np.empty(BLOCK)
    return doubles, read_only(doubles.view()), np.empty(BLOCK, np.uint64)


def read_only(values: np.ndarray) -> np.ndarray:
    values.flags.writeable = False
    return values


def bitmap(valid: list[bool], offset: int) -> np.ndarray:
    return read_only(np.packbits([1] * offset + valid + [1] * 9, bitorder="little"))


def expected(values: np.ndarray, valid: list[bool], grid, axis) -> list[int]:
    return [
        groups.NULL if not known else groups.NAN if value != value else int(grid.cell_of(keys_of(np.array([value]), axis))[0])
        for value, known in zip(values, valid, strict=True)
    ]


class State:
    def __init__(self, binning: Binning, far_rows: int = moments.EXPONENTS) -> None:
        self.binning = binning
        self.sums = (
            np.zeros(binning.n_cells, np.int64),
            np.array([2**64 - 1, 0], np.uint64),
            np.zeros(5, np.int64),
            np.zeros((far_rows, 7), np.int64),
        )
        self.nan = np.zeros(1, np.int64)

    @property
    def unit(self) -> tuple[float, float]:
        return self.binning.centre, self.binning.scale

    def parts(self) -> list[list[int]]:
        return [part.tolist() for part in (*self.sums, self.nan)]


def check_doubles(values: np.ndarray, validity: np.ndarray, offset: int, valid: list[bool], binning: Binning) -> None:
    plain, state, cells = State(binning), State(binning), np.empty(len(values), np.int32)
    source = read_only(values), validity, offset, 0
    if binning.linear is None:
        numbers.add_doubles(*source, binning.tables, plain.unit, *plain.sums, plain.nan, *buffers())
        end = groups.add_located_doubles(*source, binning.tables, state.unit, *state.sums, state.nan, cells, *buffers())
    else:
        (doubles, copied, keys), units = buffers(), np.empty(BLOCK, np.int32)
        rest = plain.unit, *plain.sums, plain.nan, doubles, copied, keys, units
        numbers.add_linear(*source, binning.lines, *rest)
        rest = state.unit, *state.sums, state.nan, cells, doubles, copied, units
        end = groups.add_located_linear(*source, binning.lines, *rest)
    assert end == (len(values), 0)
    assert state.parts() == plain.parts()
    assert cells.tolist() == expected(values, valid, binning, "double")


@given(st.data(), strategies.samples("float64"))
def test_add_located_doubles__counts_as_without_and_each_row_has_its_cell(data, sample):
    values = np.array(data.draw(st.lists(strategies.numbers("float64"), max_size=40)), np.float64)
    valid = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    offset, binning = data.draw(st.integers(0, 17)), fit(sample)
    check_doubles(values, bitmap(valid, offset), offset, valid, binning)
    check_doubles(values, ALL_VALID, 0, [True] * len(values), binning)


@given(st.data(), strategies.samples("int64"))
def test_add_located_integers__counts_as_without_and_each_row_has_its_cell(data, sample):
    binning = fit(np.append(sample, np.int64(2**60)))
    values = np.array(data.draw(st.lists(strategies.numbers("int64"), max_size=40)), np.int64)
    valid = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    offset, cells = data.draw(st.integers(0, 17)), np.empty(len(values), np.int32)
    plain, state, axis = State(binning), State(binning), (SIGN, np.uint64(binning.origin))
    source = read_only(values.view(np.uint64)), bitmap(valid, offset), offset, 0, binning.tables
    numbers.add_integers(*source, plain.unit, *plain.sums, *axis, *buffers())
    groups.add_located_integers(*source, state.unit, *state.sums, *axis, cells, *buffers())
    assert state.parts() == plain.parts()
    assert cells.tolist() == expected(values, valid, binning, "int64")


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("linear", [False, True])
def test_add_located_doubles__over_several_blocks(share, linear):
    random = np.random.default_rng(2)
    values = random.normal(size=2 * BLOCK + 7)
    values[::100] = np.tile([np.inf, -np.inf, 1e300, -0.0, -7.0, 0.0], len(values))[: len(values[::100])]
    values[random.random(len(values)) < share] = np.nan
    valid = random.random(len(values)) >= share
    binning = fit(random.normal(size=50_000) if linear else np.arange(9.0))
    assert (binning.linear is not None) == linear
    check_doubles(values, bitmap(valid.tolist(), 3), 3, valid.tolist(), binning)


def test_add_located_doubles__stops_where_far_values_have_no_room_and_goes_on():
    values = np.append(np.zeros(BLOCK + 3), [1e300, 1.0])
    binning, cells = fit(np.arange(9.0)), np.full(len(values), -9, np.int32)
    state, source = State(binning, 0), (read_only(values), ALL_VALID, 0)
    rest = binning.tables, state.unit, *state.sums, state.nan, cells, *buffers()
    assert groups.add_located_doubles(*source, 0, *rest) == (len(values), 5)
    assert cells.tolist() == expected(values, [True] * len(values), binning, "double")


@given(CELLS)
def test_add_cells__every_row_is_counted_once(rows):
    cells, codes = (np.array([row[side] for row in rows], np.int32) for side in (0, 1))
    joined = np.array([0, 0, 1, 1, 1, 2], np.int32)
    low, counts, null, nan = np.zeros((4, 3), np.uint16), np.zeros((4, 3), np.int64), *np.zeros((2, 4), np.int64)
    groups.add_cells(cells, codes, joined, counts, null, nan)
    groups.add_many_cells(cells, codes, joined, low, counts, null, nan)
    for group in range(4):
        own = [cell for cell, code in rows if code == group]
        assert (counts + low)[group].tolist() == [2 * sum(joined[cell] == k for cell in own if cell >= 0) for k in range(3)]
        assert null[group] == 2 * own.count(groups.NULL)
        assert nan[group] == 2 * own.count(groups.NAN)


@pytest.mark.parametrize("n", [65_535, 65_536, 65_537, 200_000])
def test_add_many_cells__more_rows_in_a_cell_than_its_low_digit_holds(n):
    low, counts, others = np.zeros((1, 2), np.uint16), np.zeros((1, 2), np.int64), np.zeros(1, np.int64)
    groups.add_many_cells(np.zeros(n, np.int32), np.zeros(n, np.int32), np.array([1], np.int32), low, counts, others, others)
    assert (counts + low).tolist() == [[0, n]]


@given(st.lists(st.lists(st.integers(0, 4), max_size=6), max_size=5))
def test_add_rows__sums_what_is_chosen(chosen):
    counts = np.arange(15, dtype=np.int64).reshape(5, 3)
    indptr = np.cumsum([0, *map(len, chosen)])
    indices = np.array([place for places in chosen for place in places], np.int64)
    sums = np.zeros((len(chosen), 3), np.int64)
    groups.add_rows(counts, indptr, indices, sums)
    assert sums.tolist() == [counts[places].sum(axis=0).tolist() if places else [0, 0, 0] for places in chosen]


@given(st.lists(st.integers(0, 4), max_size=20))
def test_count_rows__of_each_group(codes):
    rows = np.zeros(5, np.int64)
    groups.count_rows(np.array(codes, np.int32), rows)
    assert rows.tolist() == [codes.count(group) for group in range(5)]

"""Whole columns do what their blocks would do one by one."""

from __future__ import annotations

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.binning import Binning
from lakedrift.fitting import fit
from lakedrift_kernels import grid, keys, moments, numbers
from lakedrift_kernels._jit import kernel

count_nested_cells = kernel(grid.count_nested_cells)
add_near = kernel(moments.add_near)
double_keys = kernel(keys.double_keys)
integer_keys = kernel(keys.integer_keys)
FAR_ROWS = [0, moments.EXPONENTS]
ALL_VALID = np.empty(0, np.uint8)
LONG = 2 * numbers.BLOCK + 7

# As plain Python, NumPy warns where a double overflows on its way to infinity, which is not near and so meant.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in scalar:RuntimeWarning")


class State:
    def __init__(self, binning: Binning, far_rows: int = moments.EXPONENTS) -> None:
        self.cells = np.zeros(binning.n_cells, np.int64)
        self.extremes = np.array([2**64 - 1, 0], np.uint64)
        self.near = np.zeros(5, np.int64)
        self.far = np.zeros((far_rows, 7), np.int64)
        self.nan = np.zeros(1, np.int64)

    def parts(self) -> list[list[int]]:
        return [part.tolist() for part in (self.cells, self.extremes, self.near, self.far, self.nan)]

    def count(self, binning: Binning, doubles: np.ndarray, of_keys: np.ndarray, n: int) -> None:
        tables = binning.index, binning.outer, binning.leaves, binning.inner
        count_nested_cells(of_keys, n, *tables, self.cells, self.extremes)
        add_near(doubles, n, binning.centre, binning.scale, self.near)
        moments.add_far(doubles, n, binning.centre, binning.scale, self.far)


def buffers() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    doubles = np.empty(numbers.BLOCK)
    gathered = doubles.view()
    gathered.flags.writeable = False
    return doubles, gathered, np.empty(numbers.BLOCK, np.uint64)


def bitmaps(n: int) -> st.SearchStrategy[tuple[np.ndarray, int]]:
    """Validity of n values, and the bit at which it begins."""
    bits = st.tuples(st.lists(st.booleans(), min_size=n, max_size=n), st.integers(0, 17))
    packed = bits.map(lambda drawn: (np.packbits([0] * drawn[1] + drawn[0] + [1] * 9, bitorder="little"), drawn[1]))
    return st.one_of(st.just((ALL_VALID, 0)), packed)


def counted(values: np.ndarray, validity, offset: int, binning: Binning, far_rows: int) -> State:
    """Count by the kernel for whole columns, making room for far values where it asks for it."""
    state, scratch = State(binning, far_rows), buffers()
    unit = binning.centre, binning.scale
    done = 0
    while done < len(values):
        sums = state.cells, state.extremes, state.near, state.far, state.nan
        done, far = numbers.add_doubles(values, validity, offset, done, binning.tables, unit, *sums, *scratch)
        if far:
            state.far = np.zeros((moments.EXPONENTS, 7), np.int64)
            moments.add_far(scratch[1], far, *unit, state.far)
    return state


@pytest.mark.parametrize("far_rows", FAR_ROWS)
@given(data=st.data(), values=strategies.samples("float64"), other=strategies.samples("float64"))
def test_add_doubles__equals_its_steps(far_rows, data, values, other):
    binning = fit(other)
    values = np.append(values, data.draw(st.lists(st.just(np.nan), max_size=3)))
    validity, offset = data.draw(bitmaps(len(values)))
    found = counted(values, validity, offset, binning, far_rows)
    expected, doubles, of_keys = State(binning), np.empty(len(values)), np.empty(len(values), np.uint64)
    n, expected.nan[0] = double_keys(values, validity, offset, doubles, of_keys)
    expected.count(binning, doubles, of_keys, n)
    if not found.far.size:
        found.far = np.zeros_like(expected.far)
    assert found.parts() == expected.parts()


@pytest.mark.parametrize("far_rows", FAR_ROWS)
def test_add_doubles__far_values_in_several_blocks(far_rows):
    values = np.resize([0.5, 1.5, np.inf, 1e300, np.nan, -1e200], LONG)
    binning = fit(np.array([0.5, 1.0, 1.5]))
    found = counted(values, ALL_VALID, 0, binning, far_rows)
    expected = State(binning)
    expected.count(binning, *as_keys(values[~np.isnan(values)]))
    expected.nan[0] = np.isnan(values).sum()
    assert found.parts() == expected.parts()


def as_keys(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    doubles, of_keys = np.empty(len(values)), np.empty(len(values), np.uint64)
    n, _ = double_keys(values, ALL_VALID, 0, doubles, of_keys)
    return doubles, of_keys, n


@given(data=st.data(), values=strategies.samples("int64"), other=strategies.samples("int64"))
def test_add_integers__equals_its_steps(data, values, other):
    beyond = np.array([2**62, -(2**62)])
    binning = fit(np.append(other, beyond))
    validity, offset = data.draw(bitmaps(len(values)))
    axis = np.uint64(1 << 63), np.uint64(binning.origin)
    state, expected = State(binning), State(binning)
    sums = state.cells, state.extremes, state.near, state.far
    bits, unit = values.view(np.uint64), (binning.centre, binning.scale)
    numbers.add_integers(bits, validity, offset, 0, binning.tables, unit, *sums, *axis, *buffers())
    doubles, of_keys = np.empty(len(values)), np.empty(len(values), np.uint64)
    n = integer_keys(bits, validity, offset, *axis, doubles, of_keys)
    expected.count(binning, doubles, of_keys, n)
    assert state.parts() == expected.parts()


@pytest.mark.parametrize("axis", ["double", "int64"])
def test_selecting__finds_the_values_of_the_wanted_cells_over_several_blocks(axis):
    random = np.random.default_rng(3)
    values = random.normal(size=LONG) if axis == "double" else random.integers(-(2**62), 2**62, LONG)
    binning = fit(values[:1000])
    validity, offset = np.packbits(random.random(LONG + 3) < 0.9, bitorder="little"), 3
    valid = np.unpackbits(validity, bitorder="little")[offset : offset + LONG].astype(bool)
    wanted = random.random(binning.n_cells) < 0.1
    selected, nan = np.empty(LONG, np.uint64), np.zeros(1, np.int64)
    choice = binning.tables, np.ones(1 << 20, bool), wanted, selected
    if axis == "double":
        values[5] = np.nan
        found, kept = numbers.select_doubles(values, validity, offset, *choice, nan, *buffers()[::2])
        of_keys = as_keys(values[valid])[1][:found]
    else:
        flip = np.uint64(1 << 63)
        integers = flip, np.uint64(binning.origin)
        found, kept = numbers.select_integers(values.view(np.uint64), validity, offset, *choice, *integers, *buffers()[::2])
        of_keys = values[valid].view(np.uint64) ^ flip
    assert nan[0] == (axis == "double" and valid[5])
    assert found == valid.sum() - nan[0]
    assert selected[:kept].tolist() == of_keys[wanted[binning.cell_of(of_keys)]].tolist()

"""Whole columns of numbers, block by block: a block's keys and doubles stay in the cache from one step to the next.

These kernels call those of other files. That is safe because the cache of compiled code is keyed by all sources together.

A grid is four tables, `index`, `outer`, `leaves` and `inner`, as `grid` describes them; `inner` and `leaves` are empty where no
leaf is divided. A column is its values (n,), float64 for the double axis and the 64 bits of the integers for the others, with
a validity bitmap as `keys` describes it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import inner, kernel
from lakedrift_kernels.grid import count_cells, count_nested_cells, select_keys
from lakedrift_kernels.keys import double_keys, gather, integer_keys
from lakedrift_kernels.linear import (
    Near,
    Outside,
    Scale,
    count_outside,
    count_units,
    known_range,
    outside_keys,
    select_linear,
    to_units,
    widen,
)
from lakedrift_kernels.moments import add_far, add_near

__all__ = ["BLOCK", "add_doubles", "add_integers", "add_linear", "select_doubles", "select_integers", "select_linears"]

BLOCK = 1 << 13

Keys = NDArray[np.uint64]
Doubles = NDArray[np.float64]
Counts = NDArray[np.int64]
Grid = tuple[NDArray[np.uint16], Keys, Keys, Keys]
Lines = tuple[Scale, NDArray[np.int64], Outside]
Units = NDArray[np.int32]
Unit = tuple[float, float]


@kernel
def add_doubles(
    values: Doubles,
    validity: NDArray[np.uint8],
    offset: int,
    start: int,
    tables: Grid,
    unit: Unit,
    cells: Counts,
    extremes: Keys,
    near: Counts,
    far: Counts,
    nan: Counts,
    doubles: Doubles,
    gathered: Doubles,
    keys: Keys,
) -> tuple[int, int]:
    """Count values[start:] into cells and add them to the sums, and their NaN to `nan` (1,); return where it stopped.

    `unit` is the centre and scale of the moments, `far` may have no rows. Then it stops after the first block with a value
    far from the centre, of which everything but `far` is done: the second number returned is how many values of that block
    stand in `doubles`. `doubles` and `keys` (BLOCK,) are scratch, and `gathered` is `doubles`, read-only as columns are: what
    adds them to the sums is compiled once.
    """
    for begin in range(start, values.size, BLOCK):
        end = min(begin + BLOCK, values.size)
        found, missing = double_keys(values[begin:end], validity, offset + begin, doubles, keys)
        nan[0] += missing
        if _add_block(gathered, keys, found, tables, unit, cells, extremes, near, far):
            return end, found
    return values.size, 0


@kernel
def add_linear(
    values: Doubles,
    validity: NDArray[np.uint8],
    offset: int,
    start: int,
    lines: Lines,
    unit: Unit,
    cells: Counts,
    extremes: Keys,
    near: Counts,
    far: Counts,
    nan: Counts,
    doubles: Doubles,
    gathered: Doubles,
    keys: Keys,
    units: Units,
) -> tuple[int, int]:
    """Do as `add_doubles` where a grid has linear cells.

    `lines` is their scale, their table, and what finds the cells outside, as in `linear`. A column without nulls is
    not copied.
    """
    scale, table, elsewhere = lines
    known = known_range(extremes)
    for begin in range(start, values.size, BLOCK):
        end = min(begin + BLOCK, values.size)
        block, found = _block(values, validity, offset, begin, end, doubles, gathered)
        if to_units(block, found, scale, known, units):
            known = widen(block, found, extremes)
        missing = 0
        if count_units(units, found, scale[5], table, cells):
            strays, missing = outside_keys(block, found, scale[0], scale[1], keys)
            nan[0] += missing
            count_outside(keys, strays, elsewhere, cells)
        if add_near(block, found, unit[0], unit[1], near) < found - missing:
            if far.shape[0] == 0:
                for i in range(found):
                    doubles[i] = block[i]
                return end, found
            add_far(block, found, unit[0], unit[1], far)
    return values.size, 0


@kernel
def add_integers(
    values: Keys,
    validity: NDArray[np.uint8],
    offset: int,
    start: int,
    tables: Grid,
    unit: Unit,
    cells: Counts,
    extremes: Keys,
    near: Counts,
    far: Counts,
    flip: np.uint64,
    origin: np.uint64,
    doubles: Doubles,
    gathered: Doubles,
    keys: Keys,
) -> tuple[int, int]:
    """Do as `add_doubles` on an integer axis; `flip` and `origin` are as in `integer_keys`."""
    for begin in range(start, values.size, BLOCK):
        end = min(begin + BLOCK, values.size)
        found = integer_keys(values[begin:end], validity, offset + begin, flip, origin, doubles, keys)
        if _add_block(gathered, keys, found, tables, unit, cells, extremes, near, far):
            return end, found
    return values.size, 0


@kernel
def select_doubles(
    values: Doubles,
    validity: NDArray[np.uint8],
    offset: int,
    tables: Grid,
    about: NDArray[np.bool_],
    wanted: NDArray[np.bool_],
    selected: Keys,
    nan: Counts,
    doubles: Doubles,
    keys: Keys,
) -> tuple[int, int]:
    """Write the keys of the values in wanted cells to `selected` (n,); return how many values are numbers, and are wanted.

    `about` and `wanted` are as in `select_keys`, the rest as in `add_doubles`.
    """
    valid = 0
    kept = 0
    for begin in range(0, values.size, BLOCK):
        found, missing = double_keys(values[begin : begin + BLOCK], validity, offset + begin, doubles, keys)
        nan[0] += missing
        valid += found
        kept += select_keys(keys, found, tables[0], tables[1], tables[2], tables[3], about, wanted, selected[kept:])
    return valid, kept


@kernel
def select_linears(
    values: Doubles,
    validity: NDArray[np.uint8],
    offset: int,
    lines: Lines,
    near: Near,
    wanted: NDArray[np.bool_],
    selected: Keys,
    nan: Counts,
    doubles: Doubles,
    gathered: Doubles,
    units: Units,
) -> tuple[int, int]:
    """Do as `select_doubles` on linear cells; `near` is that of `select_linear`, the rest as in `add_linear`."""
    scale, table, elsewhere = lines
    valid = 0
    kept = 0
    for begin in range(0, values.size, BLOCK):
        end = min(begin + BLOCK, values.size)
        block, found = _block(values, validity, offset, begin, end, doubles, gathered)
        more, missing = select_linear(block, found, scale, table, elsewhere, near, wanted, units, selected[kept:])
        nan[0] += missing
        valid += found - missing
        kept += more
    return valid, kept


@kernel
def select_integers(
    values: Keys,
    validity: NDArray[np.uint8],
    offset: int,
    tables: Grid,
    about: NDArray[np.bool_],
    wanted: NDArray[np.bool_],
    selected: Keys,
    flip: np.uint64,
    origin: np.uint64,
    doubles: Doubles,
    keys: Keys,
) -> tuple[int, int]:
    """Do as `select_doubles` on an integer axis."""
    valid = 0
    kept = 0
    for begin in range(0, values.size, BLOCK):
        found = integer_keys(values[begin : begin + BLOCK], validity, offset + begin, flip, origin, doubles, keys)
        valid += found
        kept += select_keys(keys, found, tables[0], tables[1], tables[2], tables[3], about, wanted, selected[kept:])
    return valid, kept


@inner
def _block(
    values: Doubles, validity: NDArray[np.uint8], offset: int, begin: int, end: int, doubles: Doubles, gathered: Doubles
) -> tuple[Doubles, int]:
    """Return the valid values of a block and how many: the column itself where it has no nulls, else what is `gathered`."""
    if validity.size == 0:
        return values[begin:end], end - begin
    return gathered, gather(values[begin:end], validity, offset + begin, doubles)


@inner
def _add_block(
    doubles: Doubles,
    keys: Keys,
    found: int,
    tables: Grid,
    unit: Unit,
    cells: Counts,
    extremes: Keys,
    near: Counts,
    far: Counts,
) -> bool:
    """Count a block; return whether values are left that need room in `far`."""
    index, outer, leaves, inner = tables
    if inner.shape[0]:
        count_nested_cells(keys, found, index, outer, leaves, inner, cells, extremes)
    else:
        count_cells(keys, found, index, outer, cells, extremes)
    if add_near(doubles, found, unit[0], unit[1], near) < found:
        if far.shape[0] == 0:
            return True
        add_far(doubles, found, unit[0], unit[1], far)
    return False

"""Counting by group: every row of a batch has a code, which group it is in, and a cell, which of the group's counts is its own.

Cells stand row by row, so that they meet the codes; a row that has none is `NULL` or `NAN`. The columns and grids are as in
`numbers`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import inner, kernel
from lakedrift_kernels.grid import locate_keys
from lakedrift_kernels.keys import double_keys, gather, integer_keys
from lakedrift_kernels.linear import Outside, Scale, cell_outside, key_of, known_range, to_units, widen
from lakedrift_kernels.moments import add_far, add_near
from lakedrift_kernels.numbers import BLOCK, Lines

__all__ = [
    "NAN",
    "NULL",
    "add_cells",
    "add_located_doubles",
    "add_located_integers",
    "add_located_linear",
    "add_many_cells",
    "add_rows",
    "count_rows",
]

Cells = NDArray[np.int32]
Counts = NDArray[np.int64]
Doubles = NDArray[np.float64]
Keys = NDArray[np.uint64]
Low = NDArray[np.uint16]
Grid = tuple[NDArray[np.uint16], Keys, Keys, Keys]
Unit = tuple[float, float]

ONE, CARRY = np.uint16(1), 1 << 16
NULL = np.int32(-1)
NAN = np.int32(-2)
PLACE, SHIFT_MASK = np.int64(8), np.int64(63)  # of an entry of the table of linear cells


@kernel
def add_located_doubles(
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
    located: Cells,
    doubles: Doubles,
    gathered: Doubles,
    keys: Keys,
) -> tuple[int, int]:
    """Do as `numbers.add_doubles`, and write the cell of each value to `located` (n,)."""
    for begin in range(start, values.size, BLOCK):
        end = min(begin + BLOCK, values.size)
        found, missing = double_keys(values[begin:end], validity, offset + begin, doubles, keys)
        nan[0] += missing
        _count_block(keys, found, tables, cells, extremes, located[begin:end])
        if found < end - begin:
            place = found
            for i in range(end - 1, begin - 1, -1):  # from the end: no cell is overwritten before it has moved
                bit = offset + i
                if validity.size and not (validity[bit >> 3] >> (bit & 7)) & 1:
                    located[i] = NULL
                elif values[i] != values[i]:
                    located[i] = NAN
                else:
                    place -= 1
                    located[i] = located[begin + place]
        if add_near(gathered, found, unit[0], unit[1], near) < found:
            if far.shape[0] == 0:
                return end, found
            add_far(gathered, found, unit[0], unit[1], far)
    return values.size, 0


@kernel
def add_located_linear(
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
    located: Cells,
    doubles: Doubles,
    gathered: Doubles,
    units: Cells,
) -> tuple[int, int]:
    """Do as `numbers.add_linear`, and write the cell of each value to `located` (n,)."""
    scale, table, elsewhere = lines
    known = known_range(extremes)
    for begin in range(start, values.size, BLOCK):
        end = min(begin + BLOCK, values.size)
        if validity.size == 0:
            found = end - begin
            block = values[begin:end]
        else:
            found = gather(values[begin:end], validity, offset + begin, doubles)
            block = gathered
        if to_units(block, found, scale, known, units):
            known = widen(block, found, extremes)
        missing = 0
        if _locate_units(units, found, scale[5], table, cells, located[begin:end]):
            missing = _locate_outside(block, found, scale, elsewhere, cells, located[begin:end])
            nan[0] += missing
        _to_rows(located[begin:end], found, validity, offset + begin)
        if add_near(block, found, unit[0], unit[1], near) < found - missing:
            if far.shape[0] == 0:
                for i in range(found):
                    doubles[i] = block[i]
                return end, found
            add_far(block, found, unit[0], unit[1], far)
    return values.size, 0


@inner
def _locate_units(units: Cells, n: int, shift: np.int64, table: Counts, cells: Counts, located: Cells) -> int:
    """Do as `linear.count_units`, and write the cell of each unit."""
    before = cells[0]
    for i in range(n):
        unit = np.int64(units[i])
        entry = table[np.uint64(unit >> shift)]
        cell = np.uint64((entry >> PLACE) + (unit >> (entry & SHIFT_MASK)))
        cells[cell] += 1
        located[i] = np.int32(cell)
    beyond = cells[0] - before
    cells[0] = before
    return int(beyond)


@inner
def _locate_outside(doubles: Doubles, n: int, scale: Scale, elsewhere: Outside, cells: Counts, located: Cells) -> int:
    """Locate and count those of the first n values that lie outside linear cells; return how many are NaN, and not counted."""
    missing = 0
    for i in range(n):
        value = doubles[i]
        if value != value:
            located[i] = NAN
            missing += 1
        elif not scale[0] <= value < scale[1]:
            cell = cell_outside(key_of(value), elsewhere)
            cells[cell] += 1
            located[i] = np.int32(cell)
    return missing


@kernel
def add_located_integers(
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
    located: Cells,
    doubles: Doubles,
    gathered: Doubles,
    keys: Keys,
) -> tuple[int, int]:
    """Do as `numbers.add_integers`, and write the cell of each value to `located` (n,)."""
    for begin in range(start, values.size, BLOCK):
        end = min(begin + BLOCK, values.size)
        found = integer_keys(values[begin:end], validity, offset + begin, flip, origin, doubles, keys)
        _count_block(keys, found, tables, cells, extremes, located[begin:end])
        _to_rows(located[begin:end], found, validity, offset + begin)
        if add_near(gathered, found, unit[0], unit[1], near) < found:
            if far.shape[0] == 0:
                return end, found
            add_far(gathered, found, unit[0], unit[1], far)
    return values.size, 0


@inner
def _to_rows(located: Cells, found: int, validity: NDArray[np.uint8], offset: int) -> None:
    """Move the cells of the `found` valid values of a block to their rows; from the end, so that none is overwritten before."""
    if found < located.size:
        place = found
        for i in range(located.size - 1, -1, -1):
            bit = offset + i
            if (validity[bit >> 3] >> (bit & 7)) & 1:
                place -= 1
                located[i] = located[place]
            else:
                located[i] = NULL


@inner
def _count_block(keys: Keys, found: int, tables: Grid, cells: Counts, extremes: Keys, located: Cells) -> None:
    """Locate and count the first `found` keys of a block."""
    locate_keys(keys, found, tables[0], tables[1], tables[2], tables[3], located)
    least = extremes[0]
    greatest = extremes[1]
    for i in range(found):
        least = min(least, keys[i])
        greatest = max(greatest, keys[i])
    extremes[0] = least
    extremes[1] = greatest
    for i in range(found):
        cells[np.uint64(located[i])] += 1


@kernel
def add_cells(cells: Cells, codes: Cells, joined: Cells, counts: Counts, null: Counts, nan: Counts) -> None:
    """Count each of n rows in its group: in cell joined[cells[i]] of `counts` (n_groups, n_cells), or as null or NaN.

    `codes` (n,) are in [0, n_groups). `joined` (n_fine,) says which cell each fine one is part of.
    """
    for i in range(cells.size):
        cell = cells[i]
        if cell >= 0:
            counts[np.uint64(codes[i]), np.uint64(joined[np.uint64(cell)])] += 1
        elif cell == NULL:
            null[codes[i]] += 1
        else:
            nan[codes[i]] += 1


@kernel
def add_many_cells(cells: Cells, codes: Cells, joined: Cells, low: Low, counts: Counts, null: Counts, nan: Counts) -> None:
    """Do as `add_cells` for large tables, of which a count is `counts` and `low` together.

    Rows come in any order, and a table of sixteen bits a cell stays in the cache where one of 64 does not.
    """
    for i in range(cells.size):
        cell = cells[i]
        if cell >= 0:
            group = np.uint64(codes[i])
            place = np.uint64(joined[np.uint64(cell)])
            low[group, place] += ONE
            if low[group, place] == 0:
                counts[group, place] += CARRY
        elif cell == NULL:
            null[codes[i]] += 1
        else:
            nan[codes[i]] += 1


@kernel
def count_rows(codes: Cells, rows: Counts) -> None:
    """Count the rows of each group: `codes` (n,) are in [0, n_groups)."""
    for i in range(codes.size):
        rows[np.uint64(codes[i])] += 1


@kernel
def add_rows(counts: Counts, indptr: Counts, indices: Counts, sums: Counts) -> None:
    """Add to row k of `sums` (m, w) the rows indices[indptr[k]:indptr[k + 1]] of `counts` (n, w)."""
    for row in range(indptr.size - 1):
        for place in range(indptr[row], indptr[row + 1]):
            found = indices[place]
            for cell in range(counts.shape[1]):
                sums[row, cell] += counts[found, cell]

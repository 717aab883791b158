"""Counting by group: every row of a batch has a code, which group it is in, and a cell, which of the group's counts is its own.

Cells stand row by row, so that they meet the codes; a row that has none is `NULL` or `NAN`. The columns and grids are as in
`numbers`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel
from lakedrift_kernels.grid import locate_keys
from lakedrift_kernels.keys import double_keys, integer_keys
from lakedrift_kernels.numbers import BLOCK

__all__ = ["NAN", "NULL", "add_cells", "add_rows", "locate_doubles", "locate_integers"]

Cells = NDArray[np.int32]
Counts = NDArray[np.int64]
Doubles = NDArray[np.float64]
Keys = NDArray[np.uint64]
Grid = tuple[NDArray[np.uint16], Keys, Keys, Keys]

NULL = np.int32(-1)
NAN = np.int32(-2)


@kernel
def locate_doubles(
    values: Doubles, validity: NDArray[np.uint8], offset: int, tables: Grid, cells: Cells, doubles: Doubles, keys: Keys
) -> None:
    """Write the cell of each value to `cells` (n,). `doubles` and `keys` (BLOCK,) are scratch."""
    for begin in range(0, values.size, BLOCK):
        end = min(begin + BLOCK, values.size)
        found, _ = double_keys(values[begin:end], validity, offset + begin, doubles, keys)
        locate_keys(keys, found, tables[0], tables[1], tables[2], tables[3], cells[begin:end])
        place = found
        if found < end - begin:  # from the end, so that no cell is overwritten before it has moved to its row
            for i in range(end - 1, begin - 1, -1):
                bit = offset + i
                if validity.size and not (validity[bit >> 3] >> (bit & 7)) & 1:
                    cells[i] = NULL
                elif values[i] != values[i]:
                    cells[i] = NAN
                else:
                    place -= 1
                    cells[i] = cells[begin + place]


@kernel
def locate_integers(
    values: Keys,
    validity: NDArray[np.uint8],
    offset: int,
    tables: Grid,
    flip: np.uint64,
    origin: np.uint64,
    cells: Cells,
    doubles: Doubles,
    keys: Keys,
) -> None:
    """Do as `locate_doubles` on an integer axis; `flip` and `origin` are as in `integer_keys`."""
    for begin in range(0, values.size, BLOCK):
        end = min(begin + BLOCK, values.size)
        found = integer_keys(values[begin:end], validity, offset + begin, flip, origin, doubles, keys)
        locate_keys(keys, found, tables[0], tables[1], tables[2], tables[3], cells[begin:end])
        place = found
        if found < end - begin:
            for i in range(end - 1, begin - 1, -1):
                bit = offset + i
                if (validity[bit >> 3] >> (bit & 7)) & 1:
                    place -= 1
                    cells[i] = cells[begin + place]
                else:
                    cells[i] = NULL


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
def add_rows(counts: Counts, indptr: Counts, indices: Counts, sums: Counts) -> None:
    """Add to row k of `sums` (m, w) the rows indices[indptr[k]:indptr[k + 1]] of `counts` (n, w)."""
    for row in range(indptr.size - 1):
        for place in range(indptr[row], indptr[row + 1]):
            found = indices[place]
            for cell in range(counts.shape[1]):
                sums[row, cell] += counts[found, cell]

"""Counting keys into the cells of a windowed grid.

A table of windows is (w, 2) uint64. Column 0 is `low`, the first key of the window's first full leaf; column 1 packs
`first << 32 | last << 8 | shift`: the window's leaves are numbered first … first + last, each 2**shift keys wide, the two
outer ones reaching to the borders of what the window serves. The top 16 bits of a key choose the outer window: `index`
(65536,) uint16 holds, ascending, the row of each.

    leaf(key) = first + min((max(key, low) - low) >> shift, last)

is monotone in the key, since max, subtraction of a constant, shift and min are, and outer windows are numbered in order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import inner

__all__ = ["count_cells", "count_nested_cells", "locate_keys", "select_keys"]

ROOT_SHIFT = np.uint64(48)
ABOUT_SHIFT = np.uint64(44)
FIRST_SHIFT = np.uint64(32)
LAST_SHIFT = np.uint64(8)
LAST_MASK = np.uint64(0xFFFFFF)
SHIFT_MASK = np.uint64(0xFF)
NESTED = np.uint64(1 << 63)


@inner
def count_cells(
    keys: NDArray[np.uint64],
    n: int,
    index: NDArray[np.uint16],
    outer: NDArray[np.uint64],
    counts: NDArray[np.int64],
    extremes: NDArray[np.uint64],
) -> None:
    """Add each of the first n keys to its cell; `counts` is (n_cells,), `extremes` (2,) the least and greatest key so far."""
    _widen(keys, n, extremes)
    for i in range(n):
        key = keys[i]
        row = index[key >> ROOT_SHIFT]
        low = outer[row, 0]
        packed = outer[row, 1]
        leaf = min((max(key, low) - low) >> (packed & SHIFT_MASK), (packed >> LAST_SHIFT) & LAST_MASK)
        counts[(packed >> FIRST_SHIFT) + leaf] += 1


@inner
def count_nested_cells(
    keys: NDArray[np.uint64],
    n: int,
    index: NDArray[np.uint16],
    outer: NDArray[np.uint64],
    leaves: NDArray[np.uint64],
    nested: NDArray[np.uint64],
    counts: NDArray[np.int64],
    extremes: NDArray[np.uint64],
) -> None:
    """Add each of the first n keys to its cell, where a leaf may hold a second window.

    `leaves` (n_leaves,) says for each leaf which cell it is or, with the top bit set, which row of `nested` (m, 2) divides it.
    """
    _widen(keys, n, extremes)
    for i in range(n):
        key = keys[i]
        row = index[key >> ROOT_SHIFT]
        low = outer[row, 0]
        packed = outer[row, 1]
        leaf = min((max(key, low) - low) >> (packed & SHIFT_MASK), (packed >> LAST_SHIFT) & LAST_MASK)
        cell = leaves[(packed >> FIRST_SHIFT) + leaf]
        if cell & NESTED:
            inner = cell ^ NESTED
            low = nested[inner, 0]
            packed = nested[inner, 1]
            leaf = min((max(key, low) - low) >> (packed & SHIFT_MASK), (packed >> LAST_SHIFT) & LAST_MASK)
            cell = (packed >> FIRST_SHIFT) + leaf
        counts[cell] += 1


@inner
def locate_keys(
    keys: NDArray[np.uint64],
    n: int,
    index: NDArray[np.uint16],
    outer: NDArray[np.uint64],
    leaves: NDArray[np.uint64],
    nested: NDArray[np.uint64],
    cells: NDArray[np.int32],
) -> None:
    """Write the cell of each of the first n keys to `cells` (at least n,); `leaves` and `nested` may be empty."""
    for i in range(n):
        key = keys[i]
        row = index[key >> ROOT_SHIFT]
        low = outer[row, 0]
        packed = outer[row, 1]
        leaf = min((max(key, low) - low) >> (packed & SHIFT_MASK), (packed >> LAST_SHIFT) & LAST_MASK)
        cells[i] = np.int32((packed >> FIRST_SHIFT) + leaf)
    if nested.shape[0]:
        for i in range(n):
            cell = leaves[cells[i]]
            if cell & NESTED:
                inner = cell ^ NESTED
                low = nested[inner, 0]
                packed = nested[inner, 1]
                leaf = min((max(keys[i], low) - low) >> (packed & SHIFT_MASK), (packed >> LAST_SHIFT) & LAST_MASK)
                cell = (packed >> FIRST_SHIFT) + leaf
            cells[i] = np.int32(cell)


@inner
def select_keys(
    keys: NDArray[np.uint64],
    n: int,
    index: NDArray[np.uint16],
    outer: NDArray[np.uint64],
    leaves: NDArray[np.uint64],
    nested: NDArray[np.uint64],
    about: NDArray[np.bool_],
    wanted: NDArray[np.bool_],
    selected: NDArray[np.uint64],
) -> int:
    """Copy those of the first n keys that lie in a wanted cell to `selected` (n,); return how many.

    `wanted` is (n_cells,). `about` (2**20,) says of the top 20 bits of a key whether a wanted cell reaches there: most keys
    need no second look. `leaves` and `nested` may be empty.
    """
    near = 0
    for i in range(n):
        key = keys[i]
        selected[near] = key
        near += about[key >> ABOUT_SHIFT]
    found = 0
    for i in range(near):
        key = selected[i]
        row = index[key >> ROOT_SHIFT]
        low = outer[row, 0]
        packed = outer[row, 1]
        cell = (packed >> FIRST_SHIFT) + min((max(key, low) - low) >> (packed & SHIFT_MASK), (packed >> LAST_SHIFT) & LAST_MASK)
        if nested.shape[0]:
            cell = leaves[cell]
            if cell & NESTED:
                inner = cell ^ NESTED
                low = nested[inner, 0]
                packed = nested[inner, 1]
                leaf = min((max(key, low) - low) >> (packed & SHIFT_MASK), (packed >> LAST_SHIFT) & LAST_MASK)
                cell = (packed >> FIRST_SHIFT) + leaf
        selected[found] = key
        found += wanted[cell]
    return found


@inner
def _widen(keys: NDArray[np.uint64], n: int, extremes: NDArray[np.uint64]) -> None:
    least = extremes[0]
    greatest = extremes[1]
    for i in range(n):
        least = min(least, keys[i])
        greatest = max(greatest, keys[i])
    extremes[0] = least
    extremes[1] = greatest

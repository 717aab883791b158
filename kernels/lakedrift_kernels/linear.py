"""Counting doubles in linear cells, which arithmetic finds with one look-up.

A value x in [low, high) lies in unit floor(x * inverse) - first; `inverse` is a power of two, so that the product is exact, as
floor and the subtraction of whole numbers up to 2**53 are. Only what is subnormal is rounded: to the same floor, unless a
negative number becomes zero, which is then put one lower. Units make up blocks of 2**shift, and `table` (n_blocks + 1,) says
where the cells of each block are:

    entry = table[unit >> shift]        cell(x) = (entry >> 8) + (unit >> (entry & 63))

A block's cells are 2**(entry & 63) units wide and numbered on from those of the block before, so that a greater value never has
a smaller cell. What lies outside, NaN too, has the unit `beyond`, all of the last block, whose cell is 0. The cells outside are
the roots and octaves of `grid`, whose numbers go on behind the linear cells: from the key `end` on they are `skip` more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import inner

__all__ = ["Outside", "Scale", "cell_outside", "count_outside", "count_units", "linear_units", "outside_keys", "select_linear"]

Scale = tuple[float, float, float, float, float, np.int64]  # low, high, inverse, first, beyond, shift
Outside = tuple[NDArray[np.uint16], np.uint64, np.int64]  # index of the roots (65536,), end, skip

SIGN_PLACE = np.int64(63)
GREATEST = np.int64((1 << 63) - 1)
LEAST = np.int64(-(1 << 63))
MINUS_ZERO, ZERO = np.int64(-1), np.int64(0)  # in the order of patterns
SIGN = np.uint64(1 << 63)
PLACE = np.int64(8)
SHIFT_MASK = np.int64(63)
ROOT_SHIFT = np.uint64(48)
NOTHING = np.int64(0)


@inner
def linear_units(
    doubles: NDArray[np.float64], n: int, scale: Scale, units: NDArray[np.int32], extremes: NDArray[np.uint64]
) -> int:
    """Write the units of the first n values (n,); return how many lie outside.

    `extremes` (2,) becomes the least and greatest key so far of those inside; keys are those of `keys.double_keys`.
    """
    low, high, inverse, first, beyond, _ = scale
    least = GREATEST
    greatest = LEAST
    inside = 0
    for i in range(n):
        value = doubles[i]
        within = (value >= low) & (value < high)
        scaled = value * inverse
        units[i] = np.int32(np.floor(scaled) - ((scaled == 0.0) & (value < 0.0)) - first if within else beyond)
        inside += within
        pattern = np.float64(value).view(np.int64)
        ordered = pattern ^ ((pattern >> SIGN_PLACE) & GREATEST)
        least = min(least, ordered if within else GREATEST)
        greatest = max(greatest, ordered if within else LEAST)
    least = least if least != MINUS_ZERO else ZERO
    greatest = greatest if greatest != MINUS_ZERO else ZERO
    if inside:
        extremes[0] = min(extremes[0], np.uint64(least) ^ SIGN)
        extremes[1] = max(extremes[1], np.uint64(greatest) ^ SIGN)
    return n - inside


@inner
def count_units(units: NDArray[np.int32], n: int, shift: np.int64, table: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
    """Add each of the first n units to its cell; `counts` is (n_cells,)."""
    for i in range(n):
        unit = np.int64(units[i])
        entry = table[np.uint64(unit >> shift)]
        counts[np.uint64((entry >> PLACE) + (unit >> (entry & SHIFT_MASK)))] += 1


@inner
def outside_keys(doubles: NDArray[np.float64], n: int, low: float, high: float, keys: NDArray[np.uint64]) -> tuple[int, int]:
    """Write the keys of those of the first n values that lie outside, NaN left out; return how many, and how many NaN."""
    found = 0
    nan = 0
    for i in range(n):
        value = doubles[i]
        pattern = np.float64(value).view(np.int64) if value != 0.0 else ZERO
        keys[found] = np.uint64(pattern ^ ((pattern >> SIGN_PLACE) | LEAST))
        missing = value != value
        nan += missing
        found += not ((value >= low) & (value < high)) | missing
    return found, nan


@inner
def count_outside(
    keys: NDArray[np.uint64], n: int, elsewhere: Outside, counts: NDArray[np.int64], extremes: NDArray[np.uint64]
) -> None:
    """Add each of the first n keys, all outside, to its cell."""
    for i in range(n):
        key = keys[i]
        counts[cell_outside(key, elsewhere)] += 1
        extremes[0] = min(extremes[0], key)
        extremes[1] = max(extremes[1], key)


@inner
def select_linear(
    doubles: NDArray[np.float64],
    n: int,
    scale: Scale,
    table: NDArray[np.int64],
    elsewhere: Outside,
    regarded: NDArray[np.bool_],
    wanted: NDArray[np.bool_],
    units: NDArray[np.int32],
    selected: NDArray[np.uint64],
) -> tuple[int, int]:
    """Copy the keys of the first n values that lie in a wanted cell to `selected` (n,); return how many, and how many NaN.

    `wanted` is (n_cells,), and `regarded` the same but that it has cell 0, to which all that lies outside is sent: that is
    looked at once more. `units` is scratch: first the units, then the places of regarded values.
    """
    low, high, inverse, first, beyond, shift = scale
    for i in range(n):
        value = doubles[i]
        scaled = value * inverse
        within = (value >= low) & (value < high)
        units[i] = np.int32(np.floor(scaled) - ((scaled == 0.0) & (value < 0.0)) - first if within else beyond)
    near = 0
    for i in range(n):
        unit = np.int64(units[i])
        entry = table[np.uint64(unit >> shift)]
        units[near] = i
        near += regarded[np.uint64((entry >> PLACE) + (unit >> (entry & SHIFT_MASK)))]
    found = 0
    nan = 0
    for k in range(near):
        value = doubles[units[k]]
        pattern = np.float64(value).view(np.int64) if value != 0.0 else ZERO
        key = np.uint64(pattern ^ ((pattern >> SIGN_PLACE) | LEAST))
        selected[found] = key
        if low <= value < high:
            found += 1
        elif value == value:
            found += wanted[cell_outside(key, elsewhere)]
        else:
            nan += 1
    return found, nan


@inner
def cell_outside(key: np.uint64, elsewhere: Outside) -> np.uint64:
    """Return the cell of a key that lies outside."""
    index, end, skip = elsewhere
    return np.uint64(np.int64(index[key >> ROOT_SHIFT]) + (skip if key >= end else NOTHING))

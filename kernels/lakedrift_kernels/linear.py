"""Counting doubles in linear cells, which arithmetic finds with one look-up.

A value x in [low, high) lies in unit floor(x * inverse) - first; `inverse` is a power of two, so that the product is exact, as
floor and the subtraction of whole numbers up to 2**53 are; farther away both may be rounded, and stay outside. Only what is
subnormal is rounded as well: to the same floor, unless a negative number becomes zero, which is then put one lower; it takes
an `inverse` below 1. Units make up blocks of 2**shift, and `table` (n_blocks + 1,) says
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

__all__ = [
    "Near",
    "Outside",
    "Scale",
    "cell_outside",
    "count_outside",
    "count_units",
    "key_of",
    "known_range",
    "outside_keys",
    "select_linear",
    "to_units",
    "widen",
]

Scale = tuple[float, float, float, float, float, np.int64]  # low, high, inverse, first, beyond, shift
Range = tuple[float, float]
Near = tuple[NDArray[np.bool_], np.int64]  # of units, by so many bits fewer
Outside = tuple[NDArray[np.uint16], np.uint64, np.int64]  # index of the roots (65536,), end, skip

SIGN_PLACE = np.int64(63)
LEAST = np.int64(-(1 << 63))
ALL_KNOWN = -np.inf, np.inf
SIGN, ALL = np.uint64(1 << 63), np.uint64((1 << 64) - 1)
PLACE = np.int64(8)
SHIFT_MASK = np.int64(63)
ROOT_SHIFT = np.uint64(48)
HALF, LOW_HALF = np.uint64(32), np.uint64((1 << 32) - 1)
NOTHING = np.int64(0)


@inner
def to_units(doubles: NDArray[np.float64], n: int, scale: Scale, known: Range, units: NDArray[np.int32]) -> int:
    """Write the units of the first n values (n,); return how many are less or greater than all that are `known`."""
    _, _, inverse, first, beyond, _ = scale
    least, greatest = known
    passing = 0
    for i in range(n):
        value = doubles[i]
        unit = np.floor(value * inverse) - first
        unit = unit if unit >= 0.0 else beyond  # NaN as well
        units[i] = np.int32(unit if unit < beyond else beyond)
        passing += (value < least) | (value > greatest)
    if inverse < 1.0:
        below = np.int32(-first - 1.0 if 0.0 <= -first - 1.0 < beyond else beyond)
        for i in range(n):
            if doubles[i] < 0.0 and doubles[i] * inverse == 0.0:
                units[i] = below
    return passing


@inner
def known_range(extremes: NDArray[np.uint64]) -> Range:
    """Return the values of two keys, the least and the greatest so far; inf and -inf where there is none."""
    if extremes[0] > extremes[1]:
        return np.inf, -np.inf
    least, greatest = extremes[0], extremes[1]
    least ^= SIGN if least >= SIGN else ALL
    greatest ^= SIGN if greatest >= SIGN else ALL
    return np.uint64(least).view(np.float64), np.uint64(greatest).view(np.float64)


@inner
def widen(doubles: NDArray[np.float64], n: int, extremes: NDArray[np.uint64]) -> Range:
    """Let `extremes` (2,) be the least and greatest key of the first n values too, NaN left out; return their values."""
    least, greatest = known_range(extremes)
    for i in range(n):
        value = doubles[i]
        least = value if value < least else least
        greatest = value if value > greatest else greatest
    if least <= greatest:
        extremes[0] = key_of(least)
        extremes[1] = key_of(greatest)
    return least, greatest


@inner
def key_of(value: float) -> np.uint64:
    """Return the key of a number, as `keys.double_keys` does."""
    pattern = np.float64(value + 0.0).view(np.int64)
    return np.uint64(pattern ^ ((pattern >> SIGN_PLACE) | LEAST))


@inner
def count_units(units: NDArray[np.int32], n: int, shift: np.int64, table: NDArray[np.int64], counts: NDArray[np.int64]) -> int:
    """Add each of the first n units that is not `beyond` to its cell of `counts` (n_cells,); return how many are."""
    before = counts[0]
    for i in range(n):
        unit = np.int64(units[i])
        entry = table[np.uint64(unit >> shift)]
        counts[np.uint64((entry >> PLACE) + (unit >> (entry & SHIFT_MASK)))] += 1
    beyond = counts[0] - before
    counts[0] = before
    return int(beyond)


@inner
def outside_keys(doubles: NDArray[np.float64], n: int, low: float, high: float, keys: NDArray[np.uint64]) -> tuple[int, int]:
    """Write the keys of those of the first n values that lie outside, NaN left out; return how many, and how many NaN."""
    found = 0
    nan = 0
    for i in range(n):
        value = doubles[i]
        keys[found] = key_of(value)
        missing = value != value
        nan += missing
        found += not ((value >= low) & (value < high)) | missing
    return found, nan


@inner
def count_outside(keys: NDArray[np.uint64], n: int, elsewhere: Outside, counts: NDArray[np.int64]) -> None:
    """Add each of the first n keys, all outside, to its cell."""
    for i in range(n):
        counts[cell_outside(keys[i], elsewhere)] += 1


@inner
def select_linear(
    doubles: NDArray[np.float64],
    n: int,
    scale: Scale,
    table: NDArray[np.int64],
    elsewhere: Outside,
    near: Near,
    wanted: NDArray[np.bool_],
    units: NDArray[np.int32],
    selected: NDArray[np.uint64],
) -> tuple[int, int]:
    """Copy the keys of the first n values that lie in a wanted cell to `selected` (n,); return how many, and how many NaN.

    `wanted` is (n_cells,). `near` says of units, divided by two to its second part, whether a wanted cell reaches there, and of
    the unit `beyond` that it may: most values need no second look. `units` is scratch.
    """
    low, high, _, _, _, shift = scale
    reached, coarse = near
    to_units(doubles, n, scale, ALL_KNOWN, units)
    close = 0
    for i in range(n):
        unit = np.int64(units[i])
        selected[close] = (np.uint64(i) << HALF) | np.uint64(unit)
        close += reached[np.uint64(unit >> coarse)]
    found = 0
    nan = 0
    for k in range(close):
        value = doubles[selected[k] >> HALF]
        unit = np.int64(selected[k] & LOW_HALF)
        key = key_of(value)
        selected[found] = key
        if low <= value < high:
            entry = table[np.uint64(unit >> shift)]
            found += wanted[np.uint64((entry >> PLACE) + (unit >> (entry & SHIFT_MASK)))]
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

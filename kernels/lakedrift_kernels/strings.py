"""Counting short strings from Arrow string views.

A view is 16 bytes, here two uint64 words: the length in the low 32 bits of the first, then, for strings of at most 12 bytes,
the bytes themselves padded with zeros. Such a view is its string: equal views are equal strings and no hash decides.

The table is (capacity, 3) uint64, open addressing with linear probing: the two words and a count, zero where the slot is
free. The capacity is a power of two.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["count_codes", "count_views", "move_views"]

LENGTH_MASK = np.uint64(0xFFFFFFFF)
INLINE = np.uint64(12)
ONE = np.uint64(1)
FREE = np.uint64(0)
SPREAD_FIRST = np.uint64(0x9E3779B97F4A7C15)
SPREAD_SECOND = np.uint64(0xC2B2AE3D27D4EB4F)
SPREAD_BOTH = np.uint64(0xFF51AFD7ED558CCD)
FOLD = np.uint64(32)


@kernel
def count_views(
    views: NDArray[np.uint64],
    validity: NDArray[np.uint8],
    offset: int,
    start: int,
    table: NDArray[np.uint64],
    used: NDArray[np.int64],
) -> int:
    """Count the valid strings of at most 12 bytes among views[start:]; return where it stopped.

    `used` (1,) is the number of slots in use. Less than n comes back when the table is half full: grow it and go on from there.
    """
    mask = np.uint64(table.shape[0] - 1)
    limit = table.shape[0] >> 1
    for i in range(start, views.shape[0]):
        bit = offset + i
        if validity.size == 0 or (validity[bit >> 3] >> (bit & 7)) & 1:
            first = views[i, 0]
            second = views[i, 1]
            if (first & LENGTH_MASK) <= INLINE:
                slot = _slot(first, second, table, mask)
                if table[slot, 2] == FREE:
                    if used[0] >= limit:
                        return i
                    used[0] += 1
                    table[slot, 0] = first
                    table[slot, 1] = second
                table[slot, 2] += ONE
    return int(views.shape[0])


@kernel
def move_views(table: NDArray[np.uint64], larger: NDArray[np.uint64]) -> None:
    """Copy the slots in use into an empty, larger table."""
    mask = np.uint64(larger.shape[0] - 1)
    for i in range(table.shape[0]):
        if table[i, 2] != FREE:
            slot = _slot(table[i, 0], table[i, 1], larger, mask)
            larger[slot, 0] = table[i, 0]
            larger[slot, 1] = table[i, 1]
            larger[slot, 2] = table[i, 2]


@kernel
def count_codes(codes: NDArray[np.generic], validity: NDArray[np.uint8], offset: int, counts: NDArray[np.int64]) -> int:
    """Count the valid dictionary codes (n,) into `counts` (n_values,); return how many point outside the dictionary."""
    outside = 0
    for i in range(codes.size):
        bit = offset + i
        if validity.size == 0 or (validity[bit >> 3] >> (bit & 7)) & 1:
            code = np.int64(codes[i])
            if 0 <= code < counts.size:
                counts[code] += 1
            else:
                outside += 1
    return outside


@kernel
def _slot(first: np.uint64, second: np.uint64, table: NDArray[np.uint64], mask: np.uint64) -> np.uint64:
    """Return the slot that holds the view, or the free one where it belongs. There is one: the table is at most half full."""
    mixed = (first * SPREAD_FIRST) ^ (second * SPREAD_SECOND)
    mixed = (mixed ^ (mixed >> FOLD)) * SPREAD_BOTH
    slot = (mixed ^ (mixed >> FOLD)) & mask
    while table[slot, 2] != FREE and (table[slot, 0] != first or table[slot, 1] != second):
        slot = (slot + ONE) & mask
    return slot

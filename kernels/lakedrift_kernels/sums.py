"""Exact sums of fixed-point numbers by group and cell: integers of at most 52 bits, added in digits of 32.

Every digit but the first of a sum is kept in [0, 2**32), so that equal sums are equal bytes, whatever the order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["DIGITS", "add_squares", "add_units"]

DIGITS = 2, 3  # of a sum, and of a sum of squares
DIGIT = np.int64(32)
MASK = np.int64(0xFFFFFFFF)
HALF = np.int64(26)
HALF_MASK = np.int64((1 << 26) - 1)


@kernel
def add_units(units: NDArray[np.int64], cells: NDArray[np.int32], codes: NDArray[np.int32], sums: NDArray[np.int64]) -> None:
    """Add units[i] to `sums[codes[i], cells[i]]`, (n_groups, n_cells, 2) digits; a row whose cell is negative is left out."""
    for i in range(units.size):
        if cells[i] >= 0:
            total = sums[codes[i], cells[i]]
            low = total[1] + (units[i] & MASK)
            total[0] += (units[i] >> DIGIT) + (low >> DIGIT)
            total[1] = low & MASK


@kernel
def add_squares(units: NDArray[np.int64], cells: NDArray[np.int32], codes: NDArray[np.int32], sums: NDArray[np.int64]) -> None:
    """Add the square of units[i], |units[i]| < 2**52, to (n_groups, n_cells, 3) digits, as `add_units` does.

    With |u| = h 2**26 + l, u² = h² 2**52 + 2 h l 2**26 + l², of which every part fits 63 bits.
    """
    for i in range(units.size):
        if cells[i] >= 0:
            size = abs(units[i])
            h = size >> HALF
            l = size & HALF_MASK  # noqa: E741
            lowest = l * l
            cross = 2 * h * l
            highest = h * h
            total = sums[codes[i], cells[i]]
            low = total[2] + (lowest & MASK) + ((cross & np.int64(63)) << HALF)
            middle = total[1] + (lowest >> DIGIT) + (cross >> np.int64(6)) + ((highest & np.int64(4095)) << np.int64(20))
            middle += low >> DIGIT
            total[0] += (highest >> np.int64(12)) + (middle >> DIGIT)
            total[1] = middle & MASK
            total[2] = low & MASK

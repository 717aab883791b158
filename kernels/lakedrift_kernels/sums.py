"""Exact sums of fixed-point numbers by group and cell: integers of at most 52 bits, added in digits of 32.

Every digit but the first of a sum is kept in [0, 2**32), so that equal sums are equal bytes, whatever the order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["DIGITS", "add_products", "add_units"]

DIGITS = 2, 3  # of a sum, and of a sum of products
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
def add_products(
    units: NDArray[np.int64],
    others: NDArray[np.int64],
    cells: NDArray[np.int32],
    codes: NDArray[np.int32],
    sums: NDArray[np.int64],
) -> None:
    """Add units[i] * others[i], both less than 2**52 in size, to (n_groups, n_cells, 3) digits, as `add_units` does.

    With u = h 2**26 + l, l not negative, of both, u v = h h' 2**52 + (h l' + l h') 2**26 + l l', of which every part fits
    63 bits; shifts round down, and masks are what is left, of negative parts too.
    """
    for i in range(units.size):
        if cells[i] >= 0:
            h = units[i] >> HALF
            l = units[i] & HALF_MASK  # noqa: E741
            other_h = others[i] >> HALF
            other_l = others[i] & HALF_MASK
            lowest = l * other_l
            cross = h * other_l + l * other_h
            highest = h * other_h
            total = sums[codes[i], cells[i]]
            low = total[2] + (lowest & MASK) + ((cross & np.int64(63)) << HALF)
            middle = total[1] + (lowest >> DIGIT) + (cross >> np.int64(6)) + ((highest & np.int64(4095)) << np.int64(20))
            middle += low >> DIGIT
            total[0] += (highest >> np.int64(12)) + (middle >> DIGIT)
            total[1] = middle & MASK
            total[2] = low & MASK

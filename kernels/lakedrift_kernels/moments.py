"""Sums and sums of squares that do not depend on the order of the values.

Floating addition does: (a + b) + c and a + (b + c) differ in the last bits. Here every value becomes an integer first, and
integers are added. Near the centre, z = round((x - centre) * scale) fits 32 bits; what lies farther is taken apart into
mantissa and exponent and summed exactly, exponent by exponent (as in R. Neal, "Fast exact summation using small and large
superaccumulators", 2015, with one accumulator an exponent).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import inner, kernel

__all__ = ["EXPONENTS", "EXPONENT_BIAS", "add_far", "add_near"]

EXPONENTS = 2100
EXPONENT_BIAS = 1074
REACH = float(1 << 31)
DIGIT = np.int64(32)
DIGIT_MASK = np.int64(0xFFFFFFFF)


@inner
def add_near(values: NDArray[np.float64], n: int, centre: float, scale: float, near: NDArray[np.int64]) -> int:
    """Add those of the first n values (n <= 2**20) that are near the centre to the sums; return how many are.

    `near` (5,): count, then the digits (high, low; base 2**32) of Σz and of Σz². Every digit but the first of a sum is kept in
    [0, 2**32), so equal sums are equal bytes; so it is in `add_far`.
    """
    count = 0
    total = np.int64(0)
    high = np.int64(0)
    low = np.int64(0)
    for i in range(n):
        z = np.rint((values[i] - centre) * scale)
        if abs(z) < REACH:
            whole = np.int64(z)
            square = whole * whole
            count += 1
            total += whole
            high += square >> DIGIT
            low += square & DIGIT_MASK
    _carry(near, count, total, high, low)
    return count


@kernel
def add_far(values: NDArray[np.float64], n: int, centre: float, scale: float, far: NDArray[np.int64]) -> None:
    """Add those of the first n values that are finite and not near the centre to the sums.

    `far` (EXPONENTS, 7): per binary exponent the count, the two digits of Σm, and the four digits of Σm², where x = m *
    2**(row - EXPONENT_BIAS - 53).
    """
    for i in range(n):
        if not abs(np.rint((values[i] - centre) * scale)) < REACH and math.isfinite(values[i]):
            _add_far(values[i], far)


@inner
def _carry(near: NDArray[np.int64], count: int, total: np.int64, high: np.int64, low: np.int64) -> None:
    near[0] += count
    near[2] += total & DIGIT_MASK
    near[1] += (total >> DIGIT) + (near[2] >> DIGIT)
    near[2] &= DIGIT_MASK
    near[4] += low
    near[3] += high + (near[4] >> DIGIT)
    near[4] &= DIGIT_MASK


@inner
def _add_far(value: float, far: NDArray[np.int64]) -> None:
    """Add one finite value: |m| < 2**53 = h * 2**32 + l, so m² = h² 2**64 + 2 h l 2**32 + l²."""
    fraction, exponent = math.frexp(value)
    mantissa = np.int64(abs(fraction) * 9007199254740992.0)
    row = exponent + EXPONENT_BIAS
    h = mantissa >> DIGIT
    l = mantissa & DIGIT_MASK  # noqa: E741
    sign = np.int64(-1) if fraction < 0.0 else np.int64(1)
    cross = h * l
    # l² needs 64 bits unsigned: from the halves of l
    a = l >> np.int64(16)
    b = l & np.int64(0xFFFF)
    middle = a * b
    lowest = b * b + ((middle & np.int64(0x7FFF)) << np.int64(17))
    far[row, 0] += 1
    far[row, 2] += sign * l
    far[row, 1] += sign * h + (far[row, 2] >> DIGIT)
    far[row, 2] &= DIGIT_MASK
    far[row, 6] += lowest & DIGIT_MASK
    far[row, 5] += ((cross & np.int64(0x7FFFFFFF)) << np.int64(1)) + a * a + (middle >> np.int64(15)) + (lowest >> DIGIT)
    far[row, 5] += far[row, 6] >> DIGIT
    far[row, 4] += h * h + (cross >> np.int64(31)) + (far[row, 5] >> DIGIT)
    far[row, 3] += far[row, 4] >> DIGIT
    for digit in range(4, 7):
        far[row, digit] &= DIGIT_MASK

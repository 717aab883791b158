"""Turning the values of a column into unsigned keys of the same order.

n values of a batch, of which v are valid. `validity` is an Arrow bitmap (uint8, least significant bit first) whose first bit
stands at `offset`; an empty one says that every value is valid. What stands under a null is never looked at.

The double axis orders IEEE 754 doubles by their bits: negative numbers are inverted, the sign of the others is set
(-inf < … < -0.0 = 0.0 < … < inf). The integer axes keep 64-bit integers as they are, shifted to be unsigned.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import inner

__all__ = ["double_keys", "gather", "integer_keys"]

SIGN = np.int64(-(1 << 63))
TOP = np.int64(63)
ALL = 0xFF


@inner
def double_keys(
    values: NDArray[np.generic],
    validity: NDArray[np.uint8],
    offset: int,
    doubles: NDArray[np.float64],
    keys: NDArray[np.uint64],
) -> tuple[int, int]:
    """Write the valid values as doubles and as keys, NaN left out; return how many, and how many NaN.

    `values` (n,) is of any integer or floating type; `doubles` and `keys` (at least n,) are outputs.
    """
    valid = gather(values, validity, offset, doubles)
    nan = 0
    for i in range(valid):
        nan += doubles[i] != doubles[i]
    if nan:
        found = 0
        for i in range(valid):
            value = doubles[i]
            doubles[found] = value
            found += value == value
    for i in range(valid - nan):
        pattern = np.float64(doubles[i]).view(np.int64)
        turned = (pattern >> TOP) | SIGN  # the shift drags the sign along: all bits of a negative one turn
        keys[i] = np.uint64(pattern ^ turned)
    return valid - nan, nan


@inner
def integer_keys(
    patterns: NDArray[np.uint64],
    validity: NDArray[np.uint8],
    offset: int,
    flip: np.uint64,
    origin: np.uint64,
    doubles: NDArray[np.float64],
    keys: NDArray[np.uint64],
) -> int:
    """Write the valid 64-bit integers as keys, and as doubles their exact distance from the key `origin`; return how many.

    `patterns` (n,) holds the integers' bits; `flip` is the sign bit for int64 and zero for uint64.
    """
    found = 0
    for i in range(patterns.size):
        bit = offset + i
        if validity.size == 0 or (validity[bit >> 3] >> (bit & 7)) & 1:
            key = patterns[i] ^ flip
            keys[found] = key
            doubles[found] = np.float64(key - origin) if key >= origin else -np.float64(origin - key)
            found += 1
    return found


@inner
def gather(values: NDArray[np.generic], validity: NDArray[np.uint8], offset: int, doubles: NDArray[np.float64]) -> int:
    """Write the valid values as doubles, -0.0 as 0.0; return how many. Eight at a time: most have no null among them."""
    if validity.size == 0:
        for i in range(values.size):
            doubles[i] = np.float64(values[i]) + 0.0
        return int(values.size)
    found = 0
    head = min(values.size, -offset & 7)
    for i in range(head):
        doubles[found] = np.float64(values[i]) + 0.0
        found += int((validity[(offset + i) >> 3] >> ((offset + i) & 7)) & 1)
    whole = head + ((values.size - head) & ~7)
    for start in range(head, whole, 8):
        bits = validity[(offset + start) >> 3]
        if bits == ALL:
            for i in range(8):
                doubles[found + i] = np.float64(values[start + i]) + 0.0
            found += 8
        else:
            for i in range(8):
                doubles[found] = np.float64(values[start + i]) + 0.0
                found += int((bits >> i) & 1)
    for i in range(whole, values.size):
        doubles[found] = np.float64(values[i]) + 0.0
        found += int((validity[(offset + i) >> 3] >> ((offset + i) & 7)) & 1)
    return found

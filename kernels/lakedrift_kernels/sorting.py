"""Sorting keys digit by digit, the lowest first (LSD radix sort): several times as fast as by comparing them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import inner, kernel

__all__ = ["DIGITS", "VALUES", "sort_keys"]

Keys = NDArray[np.uint64]

DIGITS, VALUES = 6, 2048
DIGIT_BITS = np.uint64(11)  # passes over few keys cost more than a table that is larger
DIGIT_MASK = np.uint64(VALUES - 1)


@kernel
def sort_keys(keys: Keys, scratch: Keys, places: NDArray[np.int64]) -> None:
    """Sort keys (n,) in place; `scratch` (n,) and `places` (DIGITS, VALUES) are overwritten.

    A digit that all keys share is passed over.
    """
    places[:] = 0
    for i in range(keys.size):
        rest = keys[i]
        for digit in range(DIGITS):
            places[digit, rest & DIGIT_MASK] += 1
            rest >>= DIGIT_BITS
    source = keys
    target = scratch
    moved = False
    for digit in range(DIGITS):
        if _begin_each(places[digit], keys.size):
            _spread(source, np.uint64(digit) * DIGIT_BITS, places[digit], target)
            source, target = target, source
            moved = not moved
    if moved:
        for i in range(keys.size):  # a slice would compile what checks its shape
            keys[i] = scratch[i]


@inner
def _begin_each(counts: NDArray[np.int64], n: int) -> bool:
    """Turn how often each digit occurs among n keys into where its keys begin; return whether there is more than one digit."""
    start = np.int64(0)
    several = True
    for value in range(counts.size):
        count = counts[value]
        several &= count < n
        counts[value] = start
        start += count
    return several


@inner
def _spread(source: Keys, shift: np.uint64, places: NDArray[np.int64], target: Keys) -> None:
    for i in range(source.size):
        key = source[i]
        digit = (key >> shift) & DIGIT_MASK
        target[places[digit]] = key
        places[digit] += 1

"""Multisets of keys: the distinct keys, ascending, and how often each occurs.

Keys that come again and again are counted in slots: two tables (2**b,), `held` and `times`. The first key that falls into a
slot has it for good; which one that is makes no difference, since what has no slot is counted elsewhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["count_repeated", "count_sorted", "merge_multisets"]

Keys = NDArray[np.uint64]
Counts = NDArray[np.int64]

SCATTER = np.uint64(0x9E3779B1)  # 2**32 over the golden ratio, prime (Knuth, The Art of Computer Programming 3, section 6.4)
LOW_HALF, HALF = np.uint64((1 << 32) - 1), np.uint64(32)


@kernel
def count_repeated(keys: Keys, held: Keys, times: Counts) -> int:
    """Count those of the keys (n,) that have a slot, or find it free; move the others to the front, return how many.

    A slot whose `times` is 0 is free.
    """
    last = np.uint64(held.size - 1)
    left = 0
    for i in range(keys.size):
        key = keys[i]
        slot = ((((key ^ (key >> HALF)) & LOW_HALF) * SCATTER) >> HALF) & last
        if times[slot] == 0:
            held[slot] = key
        known = held[slot] == key
        times[slot] += known
        keys[left] = key
        left += not known
    return left


@kernel
def count_sorted(keys: Keys, counts: Counts) -> int:
    """Move the distinct ones of ascending keys (n,) to the front, and write to `counts` (n,) how often each occurs.

    Return how many are distinct.
    """
    found = 0
    for i in range(keys.size):
        key = keys[i]
        if found == 0 or key != keys[found - 1]:
            keys[found] = key
            counts[found] = 0
            found += 1
        counts[found - 1] += 1
    return found


@kernel
def merge_multisets(keys: Keys, counts: Counts, others: Keys, more: Counts, merged: Keys, totals: Counts) -> int:
    """Write two multisets together to `merged` and `totals`, which have room for both; return how many keys are distinct."""
    i = 0
    j = 0
    n = 0
    while i < keys.size and j < others.size:
        take = keys[i] <= others[j]  # no branch, which nobody could predict
        add = others[j] <= keys[i]
        merged[n] = min(keys[i], others[j])
        totals[n] = counts[i] * take + more[j] * add
        i += take
        j += add
        n += 1
    for rest in range(i, keys.size):
        merged[n] = keys[rest]
        totals[n] = counts[rest]
        n += 1
    for rest in range(j, others.size):
        merged[n] = others[rest]
        totals[n] = more[rest]
        n += 1
    return n

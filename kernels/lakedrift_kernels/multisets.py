"""Multisets of keys: the distinct keys, ascending, and how often each occurs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["merge_multisets", "merge_sorted"]

Keys = NDArray[np.uint64]
Counts = NDArray[np.int64]


@kernel
def merge_sorted(keys: Keys, counts: Counts, others: Keys, merged: Keys, totals: Counts) -> int:
    """Write a multiset and ascending keys that may repeat, together, to `merged` and `totals`; return how many are distinct.

    The outputs have room for all of both.
    """
    i = 0
    j = 0
    n = 0
    while i < keys.size or j < others.size:
        key = keys[i] if j >= others.size or (i < keys.size and keys[i] <= others[j]) else others[j]
        total = 0
        if i < keys.size and keys[i] == key:
            total += counts[i]
            i += 1
        while j < others.size and others[j] == key:
            total += 1
            j += 1
        merged[n] = key
        totals[n] = total
        n += 1
    return n


@kernel
def merge_multisets(keys: Keys, counts: Counts, others: Keys, more: Counts, merged: Keys, totals: Counts) -> int:
    """Write two multisets together to `merged` and `totals`, which have room for both; return how many keys are distinct."""
    i = 0
    j = 0
    n = 0
    while i < keys.size or j < others.size:
        take = i < keys.size and (j >= others.size or keys[i] <= others[j])
        add = j < others.size and (i >= keys.size or others[j] <= keys[i])
        total = 0
        if add:
            merged[n] = others[j]
            total += more[j]
            j += 1
        if take:
            merged[n] = keys[i]
            total += counts[i]
            i += 1
        totals[n] = total
        n += 1
    return n

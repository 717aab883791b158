from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lakedrift_kernels import multisets

KEYS = st.lists(st.one_of(st.integers(0, 5), st.integers(0, 2**64 - 1)), max_size=30)


def arrays(counter: Counter[int]) -> tuple[np.ndarray, np.ndarray]:
    keys = sorted(counter)
    return np.array(keys, np.uint64), np.array([counter[key] for key in keys], np.int64)


def room(n: int) -> tuple[np.ndarray, np.ndarray]:
    return np.empty(n, np.uint64), np.empty(n, np.int64)


def pairs(merged: np.ndarray, totals: np.ndarray, n: int) -> list[tuple[int, int]]:
    return list(zip(merged[:n].tolist(), totals[:n].tolist(), strict=True))


@given(one=KEYS, other=KEYS)
def test_merge_sorted__counts_both(one, other):
    merged, totals = room(len(one) + len(other))
    n = multisets.merge_sorted(*arrays(Counter(one)), np.array(sorted(other), np.uint64), merged, totals)
    assert pairs(merged, totals, n) == sorted(Counter(one + other).items())


@given(one=KEYS, other=KEYS)
def test_merge_multisets__counts_both(one, other):
    merged, totals = room(len(one) + len(other))
    n = multisets.merge_multisets(*arrays(Counter(one)), *arrays(Counter(other)), merged, totals)
    assert pairs(merged, totals, n) == sorted(Counter(one + other).items())

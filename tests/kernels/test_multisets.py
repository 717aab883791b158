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


@given(keys=KEYS)
def test_count_sorted__leaves_the_distinct_keys_in_front(keys):
    found, counts = np.array(sorted(keys), np.uint64), np.empty(len(keys), np.int64)
    n = multisets.count_sorted(found, counts)
    assert pairs(found, counts, n) == sorted(Counter(keys).items())


@given(batches=st.lists(KEYS), bits=st.integers(0, 3))
def test_count_repeated__counts_each_key_in_its_slot_or_leaves_it(batches, bits):
    held, times = np.full(1 << bits, 7, np.uint64), np.zeros(1 << bits, np.int64)
    counted = Counter()
    for batch in batches:
        keys = np.array(batch, np.uint64)
        counted += Counter(keys[: multisets.count_repeated(keys, held, times)].tolist())
    taken = times > 0
    in_slots = dict(zip(held[taken].tolist(), times[taken].tolist(), strict=True))
    assert len(in_slots) == taken.sum()
    assert not in_slots.keys() & counted.keys()
    assert counted + Counter(in_slots) == Counter(key for batch in batches for key in batch)


@given(one=KEYS, other=KEYS)
def test_merge_multisets__counts_both(one, other):
    merged, totals = room(len(one) + len(other))
    n = multisets.merge_multisets(*arrays(Counter(one)), *arrays(Counter(other)), merged, totals)
    assert pairs(merged, totals, n) == sorted(Counter(one + other).items())

"""Multisets of keys, against a Counter: the same whatever comes first, and no larger than the distinct keys ask for."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakedrift import multiset
from lakedrift.multiset import AT_A_TIME, Multiset

BATCHES = st.lists(st.lists(st.one_of(st.integers(0, 5), st.integers(0, 2**64 - 1)), max_size=20), max_size=8)
MANY = 5 * AT_A_TIME + 3


def of(batches: list[np.ndarray], n_slots: int = 8) -> Multiset:
    found = Multiset(n_slots)
    for batch in batches:
        found.add(np.array(batch, np.uint64))
    return found


def pairs(found: Multiset) -> dict[int, int]:
    keys, counts = found.sorted
    assert (keys[1:] > keys[:-1]).all()
    assert counts.dtype.kind == "u"
    return dict(zip(keys.tolist(), counts.tolist(), strict=True))


def held(found: Multiset) -> int:
    return sum(run.keys.nbytes + run.counts.nbytes for run in found.runs())


@pytest.fixture
def some_at_a_time(monkeypatch):
    monkeypatch.setattr(multiset, "AT_A_TIME", 3)


@pytest.mark.usefixtures("some_at_a_time")
def test_sorted__counts_each_key_whatever_threads_and_batches_it_came_in():
    @given(parts=st.lists(BATCHES, max_size=4), bits=st.integers(0, 4))
    def check(parts, bits):
        found = Multiset(1 << bits)
        for batches in parts:
            found.merge(of(batches, 1 << bits))
        everything = Counter(key for batches in parts for batch in batches for key in batch)
        assert found.total == everything.total()
        assert pairs(found) == everything
        assert pairs(of([batch for batches in reversed(parts) for batch in reversed(batches)])) == everything

    check()


@pytest.mark.usefixtures("some_at_a_time")
def test_total__is_known_while_keys_are_loose_and_in_slots():
    found = of([np.array([1, 1, 2, 3], np.uint64)], n_slots=1)
    assert found.total == 4
    found.add(np.array([3, 3, 1, 3, 2], np.uint64))
    assert found.total == 9
    found.add(np.array([1, 2], np.uint64))
    assert found.total == 11
    assert pairs(found) == {1: 4, 2: 3, 3: 4}


@pytest.mark.parametrize("at_a_time", [MANY, AT_A_TIME, 70_001])
def test_sorted__all_keys_equal(at_a_time):
    keys = np.full(MANY, 2**64 - 1, np.uint64)
    found = of([keys[start : start + at_a_time] for start in range(0, MANY, at_a_time)], n_slots=1)
    assert pairs(found) == {2**64 - 1: MANY}
    assert held(found) <= 16


@pytest.mark.parametrize("order", ["ascending", "descending", "shuffled"])
def test_sorted__all_keys_distinct(order):
    keys = np.arange(MANY, dtype=np.uint64) * np.uint64(3_000_000_019)
    arranged = {"ascending": keys, "descending": keys[::-1], "shuffled": np.random.default_rng(1).permutation(keys)}[order]
    found = of([arranged[start : start + 50_000] for start in range(0, MANY, 50_000)])
    lengths = [len(run.keys) for run in found.runs()]
    assert all(2 * shorter < longer for longer, shorter in itertools.pairwise(lengths))
    assert held(found) == 9 * MANY
    kept, counts = found.sorted
    assert np.array_equal(kept, keys)
    assert (counts == 1).all()


def test_sorted__keys_that_all_repeat_take_what_the_distinct_ones_do():
    random = np.random.default_rng(2)
    batches = [random.integers(0, 1_000, 40_000).astype(np.uint64) << np.uint64(40) for _ in range(30)]
    found = of(batches, n_slots=64)
    assert max(len(run.keys) for run in found.runs()) <= 1_000
    assert held(found) <= 3 * 1_000 * (8 + 4)
    assert pairs(found) == Counter(np.concatenate(batches).tolist())


@pytest.mark.parametrize("count", [1, 127, 2**8 - 1, 2**16 - 1, 2**32 - 1, 2**40, 2**62])
def test_merge__of_huge_counts_is_exact(count):
    one, other = Multiset(4), Multiset(4)
    one.put(np.array([0, 5], np.uint64), np.array([count, 1]))
    other.put(np.array([5, 2**64 - 1], np.uint64), np.array([count, count]))
    one.merge(other)
    assert pairs(one) == {0: count, 5: count + 1, 2**64 - 1: count}
    assert one.total == 3 * count + 1


def test_sorted__of_nothing_is_empty():
    found = Multiset(1)
    assert (found.total, pairs(found)) == (0, {})
    found.merge(Multiset(1))
    found.put(np.empty(0, np.uint64), np.empty(0, np.int64))
    assert pairs(found) == {}

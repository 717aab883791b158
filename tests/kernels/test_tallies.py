"""Counting hashed strings, against a Counter; hashes here collide at will, so that only bytes tell strings apart."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakedrift_kernels import hashing, tallies

TEXTS = st.text("abä", max_size=6).map(str.encode)
COUNTED = st.lists(st.tuples(TEXTS, st.integers(1, 9)), max_size=40)

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in scalar:RuntimeWarning")


def located(counted: list[tuple[bytes, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return strings and how often each occurs; many share a hash."""
    rows, data = [], b""
    for text, times in counted:
        rows.append((len(data), len(text), len(text), times, weak_hash(text), 0))
        data += text
    return np.frombuffer(data, np.uint8), np.array(rows, np.uint64).reshape(-1, hashing.STRING_WIDTH)


def weak_hash(text: bytes) -> int:
    return (len(text) % 3) << 62 | len(text) % 2


def table_of(capacity: int, room: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.zeros((capacity, tallies.TABLE_WIDTH), np.uint64), np.empty(room, np.uint8), np.zeros(2, np.int64)


def tally(table: np.ndarray, arena: np.ndarray) -> Counter[bytes]:
    held = table[table[:, tallies.COUNT] > 0]
    columns = held[:, [tallies.PLACE, tallies.KEPT, tallies.COUNT]].tolist()
    return Counter({arena[place : place + kept - 1].tobytes(): count for place, kept, count in columns})


def summed(counted: list[tuple[bytes, int]]) -> Counter[bytes]:
    total = Counter[bytes]()
    for text, times in counted:
        total[text] += times
    return total


@given(counted=COUNTED)
def test_count_strings__by_their_bytes(counted):
    data, rows = located(counted)
    table, arena, used = table_of(128, 1_000)
    assert tallies.count_strings(data, rows, 0, table, arena, used) == len(rows)
    assert tally(table, arena) == summed(counted)
    assert used.tolist() == [len(summed(counted)), sum(map(len, summed(counted)))]


@given(counted=COUNTED)
def test_count_strings__stops_where_there_is_no_room_and_goes_on_with_more(counted):
    data, rows = located(counted)
    table, arena, used = table_of(4, 1)
    done = 0
    while (done := tallies.count_strings(data, rows, done, table, arena, used)) < len(rows):
        if 2 * used[0] >= len(table):
            larger = np.zeros((2 * len(table), tallies.TABLE_WIDTH), np.uint64)
            tallies.move_strings(table, larger)
            table = larger
        else:
            assert used[1] + rows[done, hashing.KEPT] > len(arena)
            arena = np.append(arena, np.empty(len(arena), np.uint8))
        assert tally(table, arena) == summed(counted[:done])
    assert tally(table, arena) == summed(counted)


@pytest.mark.parametrize("column", [hashing.HASH, hashing.SECOND, hashing.LENGTH])
def test_count_strings__a_beginning_is_one_string_only_with_its_length_and_both_hashes(column):
    data, rows = located([(b"abc", 1), (b"abc", 1)])
    rows[1, column] += np.uint64(256)
    table, arena, used = table_of(16, 100)
    tallies.count_strings(data, rows, 0, table, arena, used)
    assert used[0] == 2


@given(names=st.sets(TEXTS), counted=COUNTED)
def test_count_named__all_others_go_to_the_buckets_of_their_hashes(names, counted):
    table, arena, used = table_of(256, 1_000)
    tallies.count_strings(*located([(name, 0) for name in sorted(names)]), 0, table, arena, used)
    buckets = np.zeros(tallies.BUCKETS, np.int64)
    tallies.count_named(*located(counted), table, arena, buckets)
    total, shared = summed(counted), Counter[int]()
    for text in total.keys() - names:
        shared[weak_hash(text) >> 48] += total[text]
    assert tally(table, arena) == Counter({text: total[text] for text in names & total.keys()})
    assert {place: int(buckets[place]) for place in np.flatnonzero(buckets).tolist()} == shared


@given(names=st.sets(TEXTS), counted=COUNTED, bits=st.integers(1, 16))
def test_locate_named__the_place_of_a_name_or_the_bucket_of_a_hash(names, counted, bits):
    table, arena, used = table_of(64, 1 << 10)
    known = sorted(names)[:30]
    tallies.count_strings(*located([(name, place) for place, name in enumerate(known, start=1)]), 0, table, arena, used)
    cells = np.empty(len(counted), np.int32)
    tallies.locate_named(*located(counted), table, arena, len(known), np.uint64(64 - bits), cells)
    expected = [known.index(text) if text in known else len(known) + (weak_hash(text) >> (64 - bits)) for text, _ in counted]
    assert cells.tolist() == expected

"""Counting hashed strings of any length: exactly, in a growing table, or by name and bucket.

Strings come as in `lakedrift_kernels.hashing`. A table is (capacity, 6) uint64, open addressing with linear probing: HASH,
SECOND, LENGTH, PLACE and KEPT (where its kept bytes lie in the arena, uint8, and how many they are, plus one: zero where the
slot is free) and COUNT. The capacity is a power of two. Two strings are one if their lengths, their kept bytes and both hashes
are equal; a string that is kept whole is so known by its bytes, and no hash decides.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels import hashing
from lakedrift_kernels._jit import inner, kernel

__all__ = [
    *("BUCKETS", "COUNT", "KEPT", "LENGTH", "PLACE", "TABLE_WIDTH"),
    *("count_named", "count_strings", "locate_named", "move_strings"),
]

TABLE_WIDTH = 6
HASH, SECOND, LENGTH, PLACE, KEPT, COUNT = range(TABLE_WIDTH)
BUCKETS = 1 << 16
BUCKET_SHIFT = np.uint64(48)  # the top bits of a hash are its bucket
FREE = np.uint64(0)
ONE = np.uint64(1)


@kernel
def count_strings(
    data: NDArray[np.uint8],
    strings: NDArray[np.uint64],
    start: int,
    table: NDArray[np.uint64],
    arena: NDArray[np.uint8],
    used: NDArray[np.int64],
) -> int:
    """Count strings[start:]; return where it stopped.

    `used` (2,) is the number of slots and of bytes of the arena in use. Less than n comes back when the table is half full or
    the arena has no room: grow them and go on from there.
    """
    limit = table.shape[0] >> 1
    for i in range(start, strings.shape[0]):
        slot = _alike(table, strings, i, strings[i, hashing.HASH])
        while table[slot, KEPT] != FREE and not _same(
            data, strings[i, hashing.START], arena, table[slot, PLACE], table[slot, KEPT]
        ):
            slot = _alike(table, strings, i, slot + ONE)
        if table[slot, KEPT] == FREE:
            kept = np.int64(strings[i, hashing.KEPT])
            if used[0] >= limit or used[1] + kept > arena.size:
                return i
            table[slot, HASH] = strings[i, hashing.HASH]
            table[slot, SECOND] = strings[i, hashing.SECOND]
            table[slot, LENGTH] = strings[i, hashing.LENGTH]
            table[slot, PLACE] = np.uint64(used[1])
            table[slot, KEPT] = np.uint64(kept + 1)
            first = np.int64(strings[i, hashing.START])
            for k in range(kept):
                arena[used[1] + k] = data[first + k]
            used[0] += 1
            used[1] += kept
        table[slot, COUNT] += strings[i, hashing.TIMES]
    return int(strings.shape[0])


@kernel
def move_strings(table: NDArray[np.uint64], larger: NDArray[np.uint64]) -> None:
    """Copy the slots in use into an empty, larger table."""
    mask = np.uint64(larger.shape[0] - 1)
    for i in range(table.shape[0]):
        if table[i, KEPT] != FREE:
            slot = table[i, HASH] & mask
            while larger[slot, KEPT] != FREE:
                slot = (slot + ONE) & mask
            for k in range(TABLE_WIDTH):
                larger[slot, k] = table[i, k]


@kernel
def count_named(
    data: NDArray[np.uint8],
    strings: NDArray[np.uint64],
    table: NDArray[np.uint64],
    arena: NDArray[np.uint8],
    buckets: NDArray[np.int64],
) -> None:
    """Count the strings that the table holds in it, and all others in the buckets (65536,) of their hashes."""
    for i in range(strings.shape[0]):
        slot = _alike(table, strings, i, strings[i, hashing.HASH])
        while table[slot, KEPT] != FREE and not _same(
            data, strings[i, hashing.START], arena, table[slot, PLACE], table[slot, KEPT]
        ):
            slot = _alike(table, strings, i, slot + ONE)
        if table[slot, KEPT] == FREE:
            buckets[strings[i, hashing.HASH] >> BUCKET_SHIFT] += np.int64(strings[i, hashing.TIMES])
        else:
            table[slot, COUNT] += strings[i, hashing.TIMES]


@kernel
def locate_named(
    data: NDArray[np.uint8],
    strings: NDArray[np.uint64],
    table: NDArray[np.uint64],
    arena: NDArray[np.uint8],
    others: int,
    shift: np.uint64,
    cells: NDArray[np.int32],
) -> None:
    """Write to `cells` (n,) the COUNT less one of strings that the table holds, and others + (hash >> shift) of the rest."""
    for i in range(strings.shape[0]):
        slot = _alike(table, strings, i, strings[i, hashing.HASH])
        while table[slot, KEPT] != FREE and not _same(
            data, strings[i, hashing.START], arena, table[slot, PLACE], table[slot, KEPT]
        ):
            slot = _alike(table, strings, i, slot + ONE)
        if table[slot, KEPT] == FREE:
            cells[i] = np.int32(others + np.int64(strings[i, hashing.HASH] >> shift))
        else:
            cells[i] = np.int32(np.int64(table[slot, COUNT]) - 1)


@inner
def _alike(table: NDArray[np.uint64], strings: NDArray[np.uint64], i: int, slot: np.uint64) -> np.uint64:
    """Return the first slot from this one on that is free or holds a string of the same hashes and length.

    It is apart from `_same`, which is long, so that it is compiled into its callers. There is a free slot: the table is at most
    half full.
    """
    mask = np.uint64(table.shape[0] - 1)
    slot &= mask
    while table[slot, KEPT] != FREE and (
        table[slot, HASH] != strings[i, hashing.HASH]
        or table[slot, SECOND] != strings[i, hashing.SECOND]
        or table[slot, LENGTH] != strings[i, hashing.LENGTH]
    ):
        slot = (slot + ONE) & mask
    return np.uint64(slot)


@inner
def _same(data: NDArray[np.uint8], start: np.uint64, arena: NDArray[np.uint8], place: np.uint64, kept: np.uint64) -> bool:
    """Whether the bytes are the same, one fewer than `kept`: all are looked at, several at a time."""
    different = np.uint8(0)
    for k in range(kept - ONE):
        different |= data[start + np.uint64(k)] ^ arena[place + np.uint64(k)]
    return bool(different == 0)

"""Counting short strings from Arrow string views, and locating strings for those who count by hash.

A view is 16 bytes, here two uint64 words: the length in the low 32 bits of the first, then, for strings of at most 12 bytes,
the bytes themselves padded with zeros. Such a view is its string: equal views are equal strings and no hash decides. The view
of a longer string holds its first four bytes and in its second word the number of a buffer, low, and the place in it, high.

The table is (capacity, 3) uint64, open addressing with linear probing: the two words and a count, zero where the slot is
free. The capacity is a power of two.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import inner, kernel
from lakedrift_kernels.hashing import KEPT, LENGTH, START, TIMES

__all__ = [
    *("count_codes", "count_long", "count_views", "keep_whole_characters"),
    *("locate_long", "locate_short", "move_views", "number_views"),
]

LENGTH_MASK = np.uint64(0xFFFFFFFF)
INLINE = np.uint64(12)
VIEW, BEFORE_BYTES = 16, 4  # bytes of a view, and of its length
ONE = np.uint64(1)
THREE = np.uint64(3)
CONTINUES, CONTINUED = np.uint8(0xC0), np.uint8(0x80)
FREE = np.uint64(0)
SPREAD_FIRST = np.uint64(0x9E3779B97F4A7C15)
SPREAD_SECOND = np.uint64(0xC2B2AE3D27D4EB4F)
FOLD, FOLD_SECOND = np.uint64(32), np.uint64(29)
SEEN_SHIFT = np.uint64(54)  # for at most 1024 entries


@kernel
def count_views(
    views: NDArray[np.uint64],
    validity: NDArray[np.uint8],
    offset: int,
    times: NDArray[np.int64],
    start: int,
    table: NDArray[np.uint64],
    used: NDArray[np.int64],
) -> int:
    """Count the valid strings of at most 12 bytes among views[start:]; return where it stopped.

    `times` (n,) is how often each occurs, once where it is empty. `used` (2,) is the number of slots in use, and how many
    longer strings were passed over. Less than n comes back when the table is half full: grow it and go on from there.
    """
    shift = _shift(table.shape[0])
    limit = table.shape[0] >> 1
    for i in range(start, views.shape[0]):
        bit = offset + i
        if validity.size == 0 or (validity[bit >> 3] >> (bit & 7)) & 1:
            row = np.uint64(i)  # an index that may be negative costs a look at its sign
            first = views[row, 0]
            second = views[row, 1]
            if (first & LENGTH_MASK) <= INLINE:
                slot = _slot(first, second, table, shift)
                if table[slot, 2] == FREE:
                    if used[0] >= limit:
                        return i
                    used[0] += 1
                    table[slot, 0] = first
                    table[slot, 1] = second
                table[slot, 2] += np.uint64(times[row]) if times.size else ONE
            else:
                used[1] += 1
    return int(views.shape[0])


@kernel
def move_views(table: NDArray[np.uint64], larger: NDArray[np.uint64]) -> None:
    """Copy the slots in use into an empty, larger table."""
    shift = _shift(larger.shape[0])
    for i in range(table.shape[0]):
        if table[i, 2] != FREE:
            slot = _slot(table[i, 0], table[i, 1], larger, shift)
            larger[slot, 0] = table[i, 0]
            larger[slot, 1] = table[i, 1]
            larger[slot, 2] = table[i, 2]


@kernel
def number_views(
    views: NDArray[np.uint64],
    validity: NDArray[np.uint8],
    offset: int,
    start: int,
    table: NDArray[np.uint64],
    firsts: NDArray[np.int64],
    found: int,
    numbers: NDArray[np.int32],
) -> tuple[int, int]:
    """Give the different views among views[start:], long or short, numbers as they come; return where it stopped, and how many.

    `numbers` (n,) is that of each row, -1 where it is null; `firsts` (n,) is the row that each is first seen in, and `found`
    how many there are before. The table holds numbers plus one in place of counts, and may have to grow as in `count_views`.
    """
    shift = _shift(table.shape[0])
    limit = table.shape[0] >> 1
    for i in range(start, views.shape[0]):
        bit = offset + i
        row = np.uint64(i)
        if validity.size == 0 or (validity[bit >> 3] >> (bit & 7)) & 1:
            first = views[row, 0]
            second = views[row, 1]
            slot = _slot(first, second, table, shift)
            number = table[slot, 2]
            if number == FREE:
                if found >= limit:
                    return i, found
                table[slot, 0] = first
                table[slot, 1] = second
                firsts[found] = i
                found += 1
                number = np.uint64(found)
                table[slot, 2] = number
            numbers[row] = np.int32(number - ONE)
        else:
            numbers[row] = np.int32(-1)
    return int(views.shape[0]), found


@kernel
def locate_short(
    views: NDArray[np.uint64],
    validity: NDArray[np.uint8],
    offset: int,
    times: NDArray[np.int64],
    strings: NDArray[np.uint64],
) -> int:
    """Write where the valid strings of at most 12 bytes lie, in the bytes of `views` themselves; return how many.

    `times` is as in `count_views`; `strings` (at least n, 6) is as in `hashing`.
    """
    found = 0
    for i in range(views.shape[0]):
        bit = offset + i
        if validity.size == 0 or (validity[bit >> 3] >> (bit & 7)) & 1:
            length = views[i, 0] & LENGTH_MASK
            if length <= INLINE:
                strings[found, START] = np.uint64(VIEW * i + BEFORE_BYTES)
                strings[found, LENGTH] = length
                strings[found, KEPT] = length
                strings[found, TIMES] = np.uint64(times[i]) if times.size else ONE
                found += 1
    return found


@kernel
def count_long(
    views: NDArray[np.uint64], validity: NDArray[np.uint8], offset: int, seen: NDArray[np.uint64], counts: NDArray[np.int64]
) -> int:
    """Count how many rows `locate_long` writes for each buffer, (n_buffers,); return how many strings point to none of them.

    `seen` (1024, 3) is scratch.
    """
    outside = 0
    counts[:] = 0
    seen[:] = FREE
    for i in range(views.shape[0]):
        bit = offset + i
        valid = validity.size == 0 or (validity[bit >> 3] >> (bit & 7)) & 1
        if valid and (views[i, 0] & LENGTH_MASK) > INLINE:
            buffer = np.int64(views[i, 1] & LENGTH_MASK)
            if buffer >= counts.size:
                outside += 1
            elif _entry(views, i, seen, ONE) == FREE:
                counts[buffer] += 1
    return outside


@kernel
def locate_long(
    views: NDArray[np.uint64],
    validity: NDArray[np.uint8],
    offset: int,
    times: NDArray[np.int64],
    seen: NDArray[np.uint64],
    rows: NDArray[np.int64],
    strings: NDArray[np.uint64],
) -> None:
    """Write where the valid strings of more than 12 bytes lie, those of one buffer together.

    `rows` (n_buffers,) is where those of each buffer begin, by `count_long`, which has found all buffers to exist, and becomes
    where they end. `times` and `strings` are as in `locate_short`, but KEPT is left to `keep_whole_characters`. Equal views
    are one string: `seen` (1024, 3) remembers some, and their rows plus one, so that a batch of few values, whose bytes
    readers let them share, becomes few rows.
    """
    seen[:] = FREE
    for i in range(views.shape[0]):
        bit = offset + i
        valid = validity.size == 0 or (validity[bit >> 3] >> (bit & 7)) & 1
        if valid and (views[i, 0] & LENGTH_MASK) > INLINE:
            more = np.uint64(times[i]) if times.size else ONE
            buffer = np.int64(views[i, 1] & LENGTH_MASK)
            before = _entry(views, i, seen, np.uint64(rows[buffer] + 1))
            if before == FREE:
                row = rows[buffer]
                rows[buffer] += 1
                strings[row, START] = views[i, 1] >> FOLD
                strings[row, LENGTH] = views[i, 0] & LENGTH_MASK
                strings[row, TIMES] = more
            else:
                strings[before - ONE, TIMES] += more


@kernel
def keep_whole_characters(data: NDArray[np.uint8], strings: NDArray[np.uint64], most: np.uint64) -> int:
    """Set KEPT: all bytes, or of a string of more than `most` bytes whole characters; return how many lie outside `data`.

    A UTF-8 character has at most three bytes after its first, and these alone begin with the bits 10.
    """
    outside = 0
    for i in range(strings.shape[0]):
        start = strings[i, START]
        length = strings[i, LENGTH]
        if start + length > np.uint64(data.size):
            outside += 1
        elif length <= most:
            strings[i, KEPT] = length
        else:
            kept = most
            while kept + THREE > most and data[start + kept] & CONTINUES == CONTINUED:
                kept -= ONE
            strings[i, KEPT] = kept
    return outside


@kernel
def count_codes(codes: NDArray[np.generic], validity: NDArray[np.uint8], offset: int, counts: NDArray[np.int64]) -> int:
    """Count the valid dictionary codes (n,) into `counts` (n_values,); return how many point outside the dictionary."""
    outside = 0
    for i in range(codes.size):
        bit = offset + i
        if validity.size == 0 or (validity[bit >> 3] >> (bit & 7)) & 1:
            code = np.int64(codes[i])
            if 0 <= code < counts.size:
                counts[code] += 1
            else:
                outside += 1
    return outside


@inner
def _shift(capacity: int) -> np.uint64:
    """Return by how much a hash is shifted so that its top bits are a slot."""
    bits = 0
    while (1 << bits) < capacity:
        bits += 1
    return np.uint64(64 - bits)


@inner
def _slot(first: np.uint64, second: np.uint64, table: NDArray[np.uint64], shift: np.uint64) -> np.uint64:
    """Return the slot that holds the view, or the free one where it belongs. There is one: the table is at most half full."""
    mask = np.uint64(table.shape[0] - 1)
    # as `_mixed`, which called from here would not be compiled into the callers
    slot = np.uint64(((first ^ (first >> FOLD)) * SPREAD_FIRST) ^ ((second ^ (second >> FOLD_SECOND)) * SPREAD_SECOND)) >> shift
    while (table[slot, 0] != first or table[slot, 1] != second) and table[slot, 2] != FREE:
        slot = (slot + ONE) & mask
    return slot


@inner
def _entry(views: NDArray[np.uint64], i: int, seen: NDArray[np.uint64], entry: np.uint64) -> np.uint64:
    """Return the entry of an equal view seen before, or zero after remembering this one."""
    first = views[i, 0]
    second = views[i, 1]
    place = (_mixed(first, second) >> SEEN_SHIFT) & np.uint64(seen.shape[0] - 1)
    before = FREE
    if seen[place, 0] == first and seen[place, 1] == second:
        before = seen[place, 2]
    else:
        seen[place, 0] = first
        seen[place, 1] = second
        seen[place, 2] = entry
    return np.uint64(before)


@inner
def _mixed(first: np.uint64, second: np.uint64) -> np.uint64:
    """Return a hash whose top bits depend on all bytes: those of a product do on all bits below, and the rest is folded in."""
    return np.uint64(((first ^ (first >> FOLD)) * SPREAD_FIRST) ^ ((second ^ (second >> FOLD_SECOND)) * SPREAD_SECOND))

"""XXH64 of strings and integers: the same 64 bits on every machine, in every version.

The hash is that of Y. Collet, "xxHash fast digest algorithm", specification 0.1.1 (2018), with little-endian lanes. An integer
is hashed as the eight bytes of its 64-bit two's complement. Nobody needs a secret seed to make two strings of one hash, so
what must be exact compares bytes as well.

Strings are told by where they lie: `strings` is (n, 6) uint64, one row a string, all within one buffer `data` (uint8). The
columns are START and LENGTH in bytes, KEPT (how many bytes from the start are compared and kept), TIMES (how often it occurs),
HASH, and SECOND (the hash of a second seed for a string that is not kept whole, else 0).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import inner, kernel

__all__ = ["HASH", "KEPT", "LENGTH", "SECOND", "START", "STRING_WIDTH", "TIMES", "hash_integers", "hash_strings"]

STRING_WIDTH = 6
START, LENGTH, KEPT, TIMES, HASH, SECOND = range(STRING_WIDTH)

FIRST_PRIME = np.uint64(0x9E3779B185EBCA87)
SECOND_PRIME = np.uint64(0xC2B2AE3D27D4EB4F)
THIRD_PRIME = np.uint64(0x165667B19E3779F9)
FOURTH_PRIME = np.uint64(0x85EBCA77C2B2AE63)
FIFTH_PRIME = np.uint64(0x27D4EB2F165667C5)
SEED, SECOND_SEED = np.uint64(0), np.uint64(0x9E3779B97F4A7C15)
ZERO, ONE, TWO, THREE, FOUR = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
FIVE, SIX, SEVEN, EIGHT = np.uint64(5), np.uint64(6), np.uint64(7), np.uint64(8)
STRIPE = np.uint64(32)
WORD_BITS = np.uint64(64)


@kernel
def hash_strings(data: NDArray[np.uint8], strings: NDArray[np.uint64]) -> None:
    """Fill in HASH and SECOND of every string."""
    for i in range(strings.shape[0]):
        start = strings[i, START]
        length = strings[i, LENGTH]
        strings[i, SECOND] = ZERO
        if length < STRIPE:
            strings[i, HASH] = _short(data, start, length, SEED + FIFTH_PRIME + length, ZERO)
            continue
        strings[i, HASH] = _long(data, start, length, SEED)
        if strings[i, KEPT] != length:
            strings[i, SECOND] = _long(data, start, length, SECOND_SEED)


@kernel
def hash_integers(patterns: NDArray[np.uint64], validity: NDArray[np.uint8], offset: int, hashes: NDArray[np.uint64]) -> int:
    """Write the hashes of the valid 64-bit integers, given as their bits (n,), into `hashes` (at least n,); return how many.

    `validity` is an Arrow bitmap whose first bit stands at `offset`; an empty one says that every value is valid.
    """
    found = 0
    for i in range(patterns.size):
        bit = offset + i
        if validity.size == 0 or (validity[bit >> 3] >> (bit & 7)) & 1:
            mixed = _with_word(SEED + FIFTH_PRIME + EIGHT, patterns[i])
            hashes[found] = _finished(mixed)
            found += 1
    return found


@inner
def _long(data: NDArray[np.uint8], start: np.uint64, length: np.uint64, seed: np.uint64) -> np.uint64:
    """Return the hash of a string of at least 32 bytes."""
    one = seed + FIRST_PRIME + SECOND_PRIME
    two = seed + SECOND_PRIME
    three = seed
    four = seed - FIRST_PRIME
    done = ZERO
    while done + STRIPE <= length:
        at = start + done
        one = _round(one, _word(data, at))
        two = _round(two, _word(data, at + EIGHT))
        three = _round(three, _word(data, at + EIGHT + EIGHT))
        four = _round(four, _word(data, at + EIGHT + EIGHT + EIGHT))
        done += STRIPE
    mixed = _rotated(one, ONE) + _rotated(two, SEVEN) + _rotated(three, np.uint64(12)) + _rotated(four, np.uint64(18))
    mixed = _joined(mixed, one)
    mixed = _joined(mixed, two)
    mixed = _joined(mixed, three)
    mixed = _joined(mixed, four)
    return _short(data, start, length, mixed + length, done)


@inner
def _short(data: NDArray[np.uint8], start: np.uint64, length: np.uint64, mixed: np.uint64, done: np.uint64) -> np.uint64:
    """Return the hash after what is left of the string, fewer than 32 bytes, is mixed in."""
    while done + EIGHT <= length:
        mixed = _with_word(mixed, _word(data, start + done))
        done += EIGHT
    if done + FOUR <= length:
        mixed = mixed ^ (_half_word(data, start + done) * FIRST_PRIME)
        mixed = _rotated(mixed, np.uint64(23)) * SECOND_PRIME + THIRD_PRIME
        done += FOUR
    while done < length:
        mixed = mixed ^ (np.uint64(data[start + done]) * FIFTH_PRIME)
        mixed = _rotated(mixed, np.uint64(11)) * FIRST_PRIME
        done += ONE
    return _finished(mixed)


@inner
def _with_word(mixed: np.uint64, word: np.uint64) -> np.uint64:
    mixed = mixed ^ _round(ZERO, word)
    return _rotated(mixed, np.uint64(27)) * FIRST_PRIME + FOURTH_PRIME


@inner
def _round(lane: np.uint64, word: np.uint64) -> np.uint64:
    return _rotated(lane + word * SECOND_PRIME, np.uint64(31)) * FIRST_PRIME


@inner
def _joined(mixed: np.uint64, lane: np.uint64) -> np.uint64:
    return (mixed ^ _round(ZERO, lane)) * FIRST_PRIME + FOURTH_PRIME


@inner
def _finished(mixed: np.uint64) -> np.uint64:
    mixed = (mixed ^ (mixed >> np.uint64(33))) * SECOND_PRIME
    mixed = (mixed ^ (mixed >> np.uint64(29))) * THIRD_PRIME
    return mixed ^ (mixed >> np.uint64(32))


@inner
def _rotated(word: np.uint64, left: np.uint64) -> np.uint64:
    return (word << left) | (word >> (WORD_BITS - left))


@inner
def _word(data: NDArray[np.uint8], at: np.uint64) -> np.uint64:
    """Return eight bytes as a little-endian number; the compiler makes it one load."""
    return _half_word(data, at) | (_half_word(data, at + FOUR) << np.uint64(32))


@inner
def _half_word(data: NDArray[np.uint8], at: np.uint64) -> np.uint64:
    low = np.uint64(data[at]) | (np.uint64(data[at + ONE]) << EIGHT)
    high = np.uint64(data[at + TWO]) | (np.uint64(data[at + THREE]) << EIGHT)
    return low | (high << np.uint64(16))

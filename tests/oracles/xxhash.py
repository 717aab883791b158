"""XXH64 in plain Python integers, from its specification, and the hashes and buckets that rest on it."""

from __future__ import annotations

__all__ = ["bucket", "xxh64"]

BITS = (1 << 64) - 1
PRIMES = (11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579, 2870177450012600261)


def xxh64(data: bytes, seed: int = 0) -> int:
    one, two, _, four, five = PRIMES
    rest = data
    if len(data) >= 32:
        lanes = [seed + one + two, seed + two, seed, seed - one]
        while len(rest) >= 32:
            stripe, rest = rest[:32], rest[32:]
            lanes = [mixed(lane, stripe[8 * k : 8 * k + 8]) for k, lane in enumerate(lanes)]
        found = sum(rotated(lane, left) for lane, left in zip(lanes, (1, 7, 12, 18), strict=True)) & BITS
        for lane in lanes:
            found = ((found ^ mixed(0, lane.to_bytes(8, "little"))) * one + four) & BITS
    else:
        found = seed + five
    found = (found + len(data)) & BITS
    while rest:
        if len(rest) >= 8:
            found = rotated(found ^ mixed(0, rest[:8]), 27) * one + four
            rest = rest[8:]
        elif len(rest) >= 4:
            found = rotated(found ^ int.from_bytes(rest[:4], "little") * one & BITS, 23) * two + PRIMES[2]
            rest = rest[4:]
        else:
            found = rotated(found ^ rest[0] * five & BITS, 11) * one
            rest = rest[1:]
        found &= BITS
    found = (found ^ found >> 33) * two & BITS
    found = (found ^ found >> 29) * PRIMES[2] & BITS
    return found ^ found >> 32


def bucket(text: str) -> int:
    """Return the bucket of a string."""
    return xxh64(text.encode()) >> 48


def mixed(lane: int, word: bytes) -> int:
    return rotated((lane + int.from_bytes(word, "little") * PRIMES[1]) & BITS, 31) * PRIMES[0] & BITS


def rotated(word: int, left: int) -> int:
    return (word << left | word >> (64 - left)) & BITS

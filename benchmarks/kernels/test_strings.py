from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from lakedrift_kernels import hashing, registers, strings, tallies

ALL_VALID = np.empty(0, np.uint8)
ONCE = np.empty(0, np.int64)
LENGTH = 8


@pytest.mark.parametrize("distinct", [40, 10_000])
def test_count_views(measure: Callable[..., None], rng: np.random.Generator, n: int, distinct: int) -> None:
    """Strings of 8 bytes: the views hold their length, 4 bytes, and 4 more."""
    names = rng.integers(0, 2**32, (distinct, 2), np.uint64) << np.array([32, 0], np.uint64)
    views = (names | np.array([LENGTH, 0], np.uint64))[rng.integers(0, distinct, n)]
    table, used = np.zeros((1 << 15, 3), np.uint64), np.zeros(2, np.int64)
    measure(strings.count_views, views, ALL_VALID, 0, ONCE, 0, table, used, count=n)


@pytest.mark.parametrize("length", [8, 40])
def test_hash_strings(measure: Callable[..., None], rng: np.random.Generator, n: int, length: int) -> None:
    measure(hashing.hash_strings, *_located(rng, n, length), count=n)


@pytest.mark.parametrize("distinct", [40, 10_000])
def test_count_strings(measure: Callable[..., None], rng: np.random.Generator, n: int, distinct: int) -> None:
    """Strings of 40 bytes, each in a place of its own."""
    data, strings = _located(rng, distinct, 40)
    hashing.hash_strings(data, strings)
    table, arena = np.zeros((1 << 15, tallies.TABLE_WIDTH), np.uint64), np.empty(data.size, np.uint8)
    chosen = strings[rng.integers(0, distinct, n)]
    measure(tallies.count_strings, data, chosen, 0, table, arena, np.zeros(2, np.int64), count=n)


def test_count_named(measure: Callable[..., None], rng: np.random.Generator, n: int) -> None:
    """All different and none of them named."""
    data, strings = _located(rng, n, 40)
    hashing.hash_strings(data, strings)
    table, buckets = np.zeros((1 << 10, tallies.TABLE_WIDTH), np.uint64), np.zeros(tallies.BUCKETS, np.int64)
    measure(tallies.count_named, data, strings, table, np.empty(1, np.uint8), buckets, count=n)


def test_add_hashes(measure: Callable[..., None], rng: np.random.Generator, n: int) -> None:
    hashes = rng.integers(0, 2**64 - 1, n, np.uint64)
    measure(registers.add_hashes, hashes, n, np.zeros(registers.REGISTERS, np.uint8), count=n)


def _located(rng: np.random.Generator, n: int, length: int) -> tuple[NDArray[np.uint8], NDArray[np.uint64]]:
    strings = np.ones((n, hashing.STRING_WIDTH), np.uint64)
    strings[:, hashing.START] = np.arange(n) * length
    strings[:, [hashing.LENGTH, hashing.KEPT]] = length
    return rng.integers(97, 123, n * length, np.uint8), strings


def test_count_codes(measure: Callable[..., None], rng: np.random.Generator, n: int) -> None:
    codes = rng.integers(0, 40, n).astype(np.int32)
    measure(strings.count_codes, codes, ALL_VALID, 0, np.zeros(40, np.int64), count=n)

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lakedrift_kernels import strings

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


def test_count_codes(measure: Callable[..., None], rng: np.random.Generator, n: int) -> None:
    codes = rng.integers(0, 40, n).astype(np.int32)
    measure(strings.count_codes, codes, ALL_VALID, 0, np.zeros(40, np.int64), count=n)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from lakedrift_kernels import sorting

KEYS = st.lists(st.one_of(st.integers(0, 5), st.integers(250, 260), st.integers(0, 2**64 - 1)), max_size=40)


def check(keys):
    found = keys.copy()
    sorting.sort_keys(found, np.empty_like(found), np.empty((sorting.DIGITS, sorting.VALUES), np.int64))
    assert_array_equal(found, np.sort(keys))


@given(keys=KEYS)
def test_sort_keys__any_few(keys):
    check(np.array(keys, np.uint64))


@pytest.mark.parametrize("digit", range(sorting.DIGITS))
def test_sort_keys__an_odd_number_of_digits_differ(digit):
    keys = np.random.default_rng(digit).integers(0, sorting.VALUES, 1000, np.uint64)
    check(keys << (sorting.DIGIT_BITS * np.uint64(digit)))


@pytest.mark.parametrize("bits", [1, 8, 9, 17, 40, 63, 64])
def test_sort_keys__many(bits):
    check(np.random.default_rng(bits).integers(0, (1 << bits) - 1, 100_000, np.uint64, endpoint=True))

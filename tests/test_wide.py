"""Sums of three words against Python's integers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lakedrift import wide

PARTS = st.tuples(*[st.one_of(st.integers(-3, 3), st.integers(-(2**61), 2**61))] * 3)


def summed(parts) -> np.ndarray:
    words = np.zeros((3, 1), np.int64)
    for part in parts:
        wide.add(words, *(np.array([number]) for number in part))
    return words


@given(st.lists(PARTS, max_size=12))
def test_add__is_exact_and_of_one_form_in_any_order(parts):
    total = sum(ones + (twenties << 20) + (forties << 40) for ones, twenties, forties in parts)
    words = summed(parts)
    assert wide.integers(words).tolist() == [total]
    assert wide.is_carried(words)
    assert np.array_equal(words, summed(parts[::-1]))


@given(st.lists(PARTS, max_size=6), st.lists(PARTS, max_size=6))
def test_carry__sums_of_words_have_the_form_of_the_sum(one, other):
    for sign in (1, -1):
        words = summed(one) + sign * summed(other)
        wide.carry(words)
        assert np.array_equal(words, summed([*one, *(tuple(sign * number for number in part) for part in other)]))


def test_carry__small_numbers_of_either_sign_are_one_word():
    words = summed([(-5, 0, 0)])
    assert words.ravel().tolist() == [-5, 0, 0]
    assert not wide.is_carried(np.array([[1 << 39], [0], [0]]))

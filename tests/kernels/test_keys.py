from __future__ import annotations

import math
import struct
from itertools import pairwise

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from lakedrift_kernels import keys
from lakedrift_kernels._jit import kernel

write_double_keys = kernel(keys.double_keys)
write_integer_keys = kernel(keys.integer_keys)
NO_BITMAP = np.empty(0, np.uint8)
SIGN = 1 << 63


def double_keys(values, validity=NO_BITMAP, offset=0) -> tuple[list[float], list[int], int]:
    doubles, found_keys = np.full(len(values), 7.0), np.full(len(values), 7, np.uint64)
    found, nan = write_double_keys(values, validity, offset, doubles, found_keys)
    return doubles[:found].tolist(), found_keys[:found].tolist(), nan


def integer_keys(values, origin, validity=NO_BITMAP, offset=0) -> tuple[list[float], list[int]]:
    doubles, found_keys = np.full(len(values), 7.0), np.full(len(values), 7, np.uint64)
    flip = np.uint64(SIGN if values.dtype == np.int64 else 0)
    found = write_integer_keys(values.view(np.uint64), validity, offset, flip, np.uint64(origin), doubles, found_keys)
    return doubles[:found].tolist(), found_keys[:found].tolist()


def key_of(value: float) -> int:
    """Return the rank of a double among all bit patterns in the order of IEEE 754's totalOrder."""
    bits = struct.unpack("<q", struct.pack("<d", value))[0]
    return SIGN + bits if bits >= 0 else -1 - (bits + SIGN) + SIGN


@pytest.mark.parametrize("dtype", strategies.DTYPES)
@given(data=st.data())
def test_double_keys__are_those_of_the_valid_values_in_order(dtype, data):
    batch = data.draw(st.lists(st.tuples(strategies.numbers(dtype), st.booleans()), max_size=40))
    values = np.array([value for value, _ in batch], dtype)
    validity, offset = data.draw(strategies.bitmap([valid for _, valid in batch]))
    kept = [float(value) for value, (_, valid) in zip(values, batch, strict=True) if valid]
    doubles, found, nan = double_keys(values, validity, offset)
    assert nan == sum(map(math.isnan, kept))
    assert doubles == [value for value in kept if not math.isnan(value)]
    assert found == [key_of(value + 0.0) for value in doubles]


@pytest.mark.parametrize("dtype", strategies.DTYPES)
@given(data=st.data())
def test_double_keys__without_a_bitmap_every_value_is_valid(dtype, data):
    values = np.array(data.draw(st.lists(strategies.numbers(dtype), max_size=40)), dtype)
    everything = np.full(len(values) // 8 + 1, 255, np.uint8)
    assert double_keys(values) == double_keys(values, everything)


@given(values=st.lists(strategies.numbers("float64").filter(lambda value: value == value), min_size=2))
def test_double_keys__are_in_the_order_of_the_values(values):
    _, found, _ = double_keys(np.array(sorted(values)))
    assert all(
        (key < after) == (value < larger)
        for (key, after), (value, larger) in zip(pairwise(found), pairwise(sorted(values)), strict=True)
    )


def test_double_keys__zero_has_no_sign():
    doubles, found, _ = double_keys(np.array([-0.0, 0.0]))
    assert found == [SIGN, SIGN]
    assert [math.copysign(1.0, value) for value in doubles] == [1.0, 1.0]


def test_double_keys__what_lies_under_a_null_is_not_looked_at():
    poisoned = np.array([math.nan, 1.0, -math.nan, 2.0])
    assert double_keys(poisoned, np.array([0b1010], np.uint8)) == ([1.0, 2.0], [key_of(1.0), key_of(2.0)], 0)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
@given(data=st.data())
def test_integer_keys__are_exact_and_measured_from_the_origin(dtype, data):
    batch = data.draw(st.lists(st.tuples(strategies.numbers(dtype), st.booleans()), max_size=40))
    values = np.array([value for value, _ in batch], dtype)
    origin = data.draw(st.integers(0, 2**64 - 1))
    least = 2**63 if dtype == "int64" else 0
    validity, offset = data.draw(strategies.bitmap([valid for _, valid in batch]))
    kept = [value for value, valid in batch if valid]
    doubles, found = integer_keys(values, origin, validity, offset)
    assert found == [value + least for value in kept]
    assert doubles == [float(value + least - origin) for value in kept]


@given(values=st.lists(strategies.numbers("int64"), max_size=40))
def test_integer_keys__without_a_bitmap_every_value_is_valid(values):
    _, found = integer_keys(np.array(values, np.int64), SIGN)
    assert found == [value + 2**63 for value in values]


def test_integer_keys__tell_neighbours_apart_that_no_double_does():
    _, found = integer_keys(np.array([2**53, 2**53 + 1, 2**63 - 2, 2**63 - 1]), SIGN)
    assert found == sorted(set(found))

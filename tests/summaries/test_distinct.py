"""How many values differ, against sets: within the error of the method, whatever the encoding and the order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st
from oracles.xxhash import xxh64

from lakedrift.summaries.distinct import STANDARD_ERROR, Distinct


def counted(*arrays: pa.Array) -> Distinct:
    state = Distinct.new()
    for array in arrays:
        state.update(array)
    return state


def registers(raw: set[bytes]) -> dict[int, int]:
    """Return the registers of hashes by their definition."""
    found: dict[int, int] = {}
    for number in map(xxh64, raw):
        place, rest = number >> 50, number & 2**50 - 1
        found[place] = max(found.get(place, 0), 51 - rest.bit_length())
    return found


def held(state: Distinct) -> dict[int, int]:
    return {place: int(state.registers[0, place]) for place in np.flatnonzero(state.registers[0]).tolist()}


@pytest.mark.parametrize("encoding", strategies.STRING_ENCODINGS)
@given(data=st.data(), values=st.lists(st.one_of(st.none(), strategies.STRINGS), max_size=20))
def test_update__strings_by_their_bytes_in_every_encoding(encoding, data, values):
    state = counted(data.draw(strategies.arrow_strings(encoding, values)))
    assert held(state) == registers({value.encode() for value in values if value is not None})
    assert (state.rows[0], state.null[0]) == (len(values), values.count(None))
    assert state.valid[0] == len(values) - values.count(None)


@pytest.mark.parametrize("dtype", [name for name in strategies.DTYPES if "int" in name])
@given(data=st.data())
def test_update__integers_as_numbers_of_any_width(dtype, data):
    values = data.draw(st.lists(st.one_of(st.none(), strategies.numbers(dtype)), max_size=20))
    state = counted(data.draw(strategies.arrow_numbers(dtype, values)))
    expected = {(value % 2**64).to_bytes(8, "little") for value in values if value is not None}
    assert held(state) == registers(expected)
    assert state.valid[0] == len(values) - values.count(None)


@pytest.mark.parametrize("n", [0, 1, 2, 100, 5_000, 16_384, 50_000, 1_000_000])
def test_estimate__is_within_four_standard_errors(n):
    """Of a fixed set of values, each three times."""
    values = pa.array(np.arange(n) * 7 + 3)
    state = counted(values, values.cast(pa.int64())[::-1], values)
    error = 4 * STANDARD_ERROR * n
    assert abs(state.estimate[0] - n) <= error
    assert np.isnan(state.share[0]) if n == 0 else abs(state.share[0] - 1 / 3) <= 4 * STANDARD_ERROR / 3


def test_estimate__has_the_stated_error_and_no_bias():
    """Over two hundred sets of 20,000 values, where the raw estimator of 2007 is biased by several percent."""
    errors = []
    for start in range(200):
        state = counted(pa.array(np.arange(20_000, dtype=np.int64) * 1_000 + start))
        state.valid[0] = 2**62  # the estimate is not cut off
        errors.append(state.estimate[0] / 20_000 - 1)
    assert abs(np.mean(errors)) < 4 * STANDARD_ERROR / np.sqrt(len(errors))
    assert np.std(errors) < 1.25 * STANDARD_ERROR


@pytest.mark.parametrize("rank", [30, 51])
def test_estimate__is_at_most_the_number_of_values(rank):
    state = counted(pa.array([1, 1, 2]))
    state.registers[:] = rank
    assert state.estimate.tolist() == [3.0]
    assert state.share.tolist() == [1.0]


def test_merge__is_that_of_the_union():
    one, other = (counted(pa.array(range(start, start + 40_000))) for start in (0, 20_000))
    both = counted(pa.array(range(60_000)))
    one.merge(other)
    assert np.array_equal(one.registers, both.registers)
    assert one.valid[0] == 80_000

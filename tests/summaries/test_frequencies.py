"""Counts by value, against a Counter, in every encoding of strings."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.errors import InvariantError
from lakedrift.summaries.frequencies import Frequencies

OPTIONAL = st.lists(st.one_of(st.none(), strategies.STRINGS), max_size=30)


def counted(*arrays: pa.Array) -> Frequencies:
    state = Frequencies.new()
    for array in arrays:
        state.update(array)
    return state


def tally(state: Frequencies) -> dict[str, int]:
    return dict(zip(state.values, state.counts[0].tolist(), strict=True))


@pytest.mark.parametrize("encoding", strategies.STRING_ENCODINGS)
@given(data=st.data(), values=OPTIONAL)
def test_update__counts_by_value_in_every_encoding(encoding, data, values):
    state = counted(data.draw(strategies.arrow_strings(encoding, values)))
    expected = Counter(value for value in values if value is not None)
    assert tally(state) == expected
    assert list(state.values) == sorted(expected)
    assert state.null.tolist() == [values.count(None)]


@pytest.mark.parametrize("encoding", strategies.STRING_ENCODINGS)
def test_update__five_thousand_values_short_and_long(encoding):
    short, long = [f"{number:05}" for number in range(3_000)], [f"a long way to number {number}" for number in range(2_000)]
    plain = pa.array([*short, *long, *short, None])
    arrays = {"dictionary": plain.dictionary_encode()} if "dictionary" in encoding else {encoding: plain.cast(encoding)}
    assert tally(counted(*arrays.values())) == dict.fromkeys(long, 1) | dict.fromkeys(short, 2)


@given(values=st.lists(st.one_of(st.none(), st.booleans()), max_size=30), before=st.integers(0, 9))
def test_update__counts_booleans_by_their_name(values, before):
    array = pa.array([True] * before + values, pa.bool_())[before:]
    expected = Counter(str(value).lower() for value in values if value is not None)
    assert tally(counted(array)) == expected


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([7, 7, -1, None]), {"7": 2, "-1": 1}),
        (pa.array([0.5, -0.0, 0.0]), {"0.5": 1, "0": 2}),
        (pa.array([3, 3, None]).dictionary_encode(), {"3": 2}),
        (pa.array([None, None], pa.string()), {}),
        (pa.array([], pa.string_view()), {}),
    ],
)
def test_update__takes_any_other_column_as_text(array, expected):
    assert tally(counted(array)) == expected


def test_update__batches_with_dictionaries_of_their_own():
    one = pa.DictionaryArray.from_arrays(pa.array([0, 1, 1]), pa.array(["a", "b"]))
    other = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["b", None]))
    state = counted(one, other)
    assert tally(state) == {"a": 1, "b": 3}
    assert (state.rows[0], state.null[0]) == (6, 2)


def test_update__a_code_outside_the_dictionary_is_no_result():
    broken = pa.DictionaryArray.from_arrays(pa.array([0, 5]), pa.array(["a"]), safe=False)
    with pytest.raises(InvariantError):
        counted(broken)

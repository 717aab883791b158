"""Columns as codes of their values."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.classes import Classes
from lakedrift.encoding import Encoded

TYPES = {name: np.iinfo(name) for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")}


@st.composite
def integers(draw) -> pa.Array:
    """Return integers of any type, close together or at the ends of it, from the middle of a longer column."""
    name = draw(st.sampled_from(list(TYPES)))
    ends = TYPES[name].min, TYPES[name].max
    near = st.integers(0, 5)
    values = st.one_of(st.none(), near, near.map(lambda more: ends[0] + more), near.map(lambda less: ends[1] - less))
    chosen = draw(st.sampled_from([values, st.one_of(st.none(), near.map(lambda more: ends[0] + more))]))
    found = draw(st.lists(chosen, max_size=20))
    return pa.array(found, name)[draw(st.integers(0, 2)) :]


@given(array=integers())
def test_encoded__integers_are_what_they_were(array):
    encoded = Encoded.of(array)
    values = [*encoded.values.to_pylist(), None]  # the last one is that of code -1
    assert encoded.codes.dtype == np.int32
    assert [values[code] for code in encoded.codes.tolist()] == array.to_pylist()
    assert len(set(values)) == len(values)


def test_encoded__integers_far_apart_under_nulls_do_not_matter():
    array = pa.Array.from_buffers(pa.int64(), 3, [pa.py_buffer(b"\x05"), pa.py_buffer(np.array([7, 1 << 62, 8]))])
    encoded = Encoded.of(array)
    assert [encoded.values[code].as_py() for code in encoded.codes[[0, 2]].tolist()] == [7, 8]
    assert encoded.codes[1] == -1


@pytest.mark.parametrize("dtype", [pa.int8(), pa.float64(), pa.string()])
def test_classes__two_columns_are_codes_of_the_same_names(dtype):
    label, prediction = Classes.of(pa.array([0, 1, None, 0]).cast(dtype)), Classes.of(pa.array([True, None, False, False]))
    one, other = label.beside(prediction)
    assert one.names == other.names
    assert [one.names[code] if code >= 0 else None for code in one.codes.tolist()] == ["0", "1", None, "0"]
    assert [other.names[code] if code >= 0 else None for code in other.codes.tolist()] == ["1", None, "0", "0"]
    assert one.times() == {"0": 2, "1": 1}

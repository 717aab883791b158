"""Marks of nulls, bit by bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakedrift_kernels import nulls


@pytest.mark.parametrize("dtype", [np.int32, np.uint8])
@given(valid=st.lists(st.booleans(), max_size=40), offset=st.integers(0, 20), rest=st.integers(0, 255))
def test_mark_nulls__marks_those_and_no_others(dtype, valid, offset, rest):
    bits = [bool(rest >> (i % 8) & 1) for i in range(offset)] + valid
    validity = np.packbits(np.array(bits, bool), bitorder="little")
    validity.flags.writeable = False
    marked = np.arange(len(valid)).astype(dtype)
    nulls.mark_nulls(validity, offset, dtype(99), marked)
    assert marked.tolist() == [i if held else 99 for i, held in enumerate(valid)]

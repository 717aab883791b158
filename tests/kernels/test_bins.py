"""A few bins, against a search in the edges."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lakedrift_kernels import bins

NUMBERS = st.sampled_from([0.0, -0.0, 1.0, -1.0, math.inf, -math.inf]) | st.floats(allow_nan=False)


@given(values=st.lists(NUMBERS | st.just(math.nan), max_size=20), edges=st.lists(NUMBERS, max_size=bins.EDGES))
def test_locate_bins__is_a_search(values, edges):
    borders, located = np.array(sorted(edges), float), np.full(len(values), -7, np.int32)
    padded = np.append(borders, [math.nan] * (bins.EDGES - len(edges)))
    bins.locate_bins(np.array(values, float), padded, len(edges) + 1, located)
    assert located.tolist() == [
        len(edges) + 1 if value != value else int(np.searchsorted(borders, value, side="right")) for value in values
    ]

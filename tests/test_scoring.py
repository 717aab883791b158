"""The cells of probabilities: in order, nested, and each score in its own."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.scoring import FINEST, OUTSIDE, UNKNOWN, cells_of, decided, edges_of, joined, n_cells

HARD = [0.0, -0.0, 5e-324, 1e-300, 2.0**-21, 2.0**-22, 1e-6, 0.1, 0.25, 0.3, 0.5, 0.7, 0.9, 1.0 - 1e-6, 1.0]
HARD += [math.nextafter(p, way) for p in (0.25, 0.5, 1.0, 2.0**-21) for way in (0.0, 1.0)]
SCORES = st.sampled_from(HARD) | st.floats(0.0, 1.0)
BITS = st.integers(1, FINEST)


@given(scores=st.lists(SCORES, min_size=1, max_size=30), bits=BITS)
def test_cells__hold_their_scores_in_order(scores, bits):
    values = np.array(sorted(scores))
    cells, (lows, highs) = cells_of(values, bits), edges_of(bits)
    assert ((lows[cells] <= values) & (values <= highs[cells])).all()
    assert (np.diff(cells) >= 0).all()


@given(scores=st.lists(SCORES, max_size=30), bits=BITS)
def test_cells__are_nested(scores, bits):
    values = np.array(scores)
    assert joined(FINEST, bits)[cells_of(values)].tolist() == cells_of(values, bits).tolist()


@pytest.mark.parametrize("bits", [1, 5, FINEST])
def test_edges__leave_no_gap(bits):
    lows, highs = edges_of(bits)
    assert len(lows) == len(highs) == n_cells(bits)
    assert (lows <= highs).all()
    assert (np.diff(highs) > 0).all()
    half = len(lows) // 2 + 1
    assert (lows[1:half] == np.nextafter(highs[: half - 1], 2.0)).all()
    assert (lows[half:] <= np.nextafter(highs[half - 1 : -1], 2.0)).all()
    assert (lows[half:] >= highs[half - 1 : -1]).all()
    assert (lows[0], highs[0], lows[-1], highs[-1]) == (0.0, 0.0, 1.0, 1.0)


def test_cells__of_what_is_no_probability():
    values = np.array([math.nan, -1e-9, 1.0 + 1e-9, math.inf, -math.inf])
    assert cells_of(values).tolist() == [UNKNOWN, *[OUTSIDE] * 4]


@given(scores=st.lists(SCORES | st.sampled_from([math.nan, -1.0, 2.0]), max_size=30))
def test_decided__is_the_more_likely_of_two(scores):
    expected = [int(score > 0.5) if 0.0 <= score <= 1.0 else UNKNOWN for score in scores]
    assert decided(cells_of(np.array(scores))).tolist() == expected

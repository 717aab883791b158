"""Mix and within: what adds up, against fractions, and cases where only one of them happened."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakedrift.decomposition import decompose

COUNT = st.integers(0, 50)


def split(reference, current):
    """Decompose two tables of counts, (segments, bins)."""
    sides = [np.array(side, np.int64) for side in (reference, current)]
    weights = tuple(side.sum(axis=1) / side.sum() for side in sides)
    with np.errstate(invalid="ignore"):
        rates = tuple(side / side.sum(axis=1, keepdims=True) for side in sides)
    return decompose(weights, rates)


@st.composite
def tables(draw):
    segments, bins = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    row = st.lists(COUNT, min_size=bins, max_size=bins)
    table = st.lists(row, min_size=segments, max_size=segments).filter(lambda rows: any(map(any, rows)))
    return draw(table), draw(table)


@given(sides=tables())
def test_decompose__adds_up_to_the_change_of_the_whole_and_equals_the_oracle(sides):
    found = split(*sides)
    totals = [[Fraction(sum(column), sum(map(sum, side))) for column in zip(*side, strict=True)] for side in sides]
    change = [float(after - before) for before, after in zip(*totals, strict=True)]
    assert found.change == pytest.approx(change, abs=1e-12)
    assert found.size == pytest.approx(sum(map(abs, change)) / 2, abs=1e-12)
    assert sum(part.sum() for part in found.contributions) == pytest.approx(found.size, abs=1e-12)
    assert found.size <= sum(found.sizes) + 1e-12
    for segment, (before, after) in enumerate(zip(*sides, strict=True)):
        if sum(before) and sum(after):
            w, v = (Fraction(sum(row), sum(map(sum, side))) for row, side in ((before, sides[0]), (after, sides[1])))
            for place, (r, c) in enumerate(zip(before, after, strict=True)):
                p, q = Fraction(r, sum(before)), Fraction(c, sum(after))
                assert found.mix[segment, place] == pytest.approx(float((v - w) * (p + q) / 2), abs=1e-12)
                assert found.within[segment, place] == pytest.approx(float((v + w) * (q - p) / 2), abs=1e-12)


def test_decompose__only_the_mix_changed():
    found = split([[80, 20], [10, 90]], [[160, 40], [5, 45]])
    assert found.sizes == pytest.approx((found.size, 0.0), abs=1e-15)
    assert found.size == pytest.approx(0.66 - 0.45)


def test_decompose__only_one_segment_changed():
    found = split([[80, 20], [50, 50]], [[40, 60], [50, 50]])
    mix, within = found.contributions
    assert found.size == pytest.approx(0.2)
    assert mix == pytest.approx([0.0, 0.0], abs=1e-15)
    assert within == pytest.approx([0.2, 0.0], abs=1e-15)


def test_decompose__both_changed_and_cancel_out():
    found = split([[10, 0], [0, 10]], [[10, 5], [0, 5]])
    assert found.size == pytest.approx(0.0, abs=1e-15)  # half of the first segment is now what the second was
    assert min(found.sizes) > 0.1


def test_decompose__a_new_and_a_gone_segment_are_mix():
    found = split([[10, 0], [0, 10], [0, 0]], [[10, 0], [0, 0], [0, 30]])
    assert not found.within.any()
    assert found.change == pytest.approx([-0.25, 0.25])

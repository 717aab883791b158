"""Bounds of binned statistics against every way in which the rows of straddling cells may lie."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lakedrift.contingency import homogeneity_pvalue, homogeneity_pvalues
from lakedrift.metric import Bins, discover

BINNED = {name: metric for name, metric in discover().items() if metric.view is Bins and metric.bounded is not None}
LABELS = ("a", "b", "c", "null")


@st.composite
def sides(draw: st.DrawFn) -> Bins:
    """Three bins and one for null; of the two borders some are astray, and may lie in one cell."""
    counts = np.array([draw(st.lists(st.integers(0, 4), min_size=4, max_size=4))])
    below = np.cumsum(counts[0])
    off = [draw(st.integers(-int(below[2] - low), int(low))) for low in below[:2]]
    if draw(st.booleans()) and counts[0, 1] == 0:  # both borders in one cell, whose rows are all counted below or all above
        off[1] = off[0]
    other = below[:2] - off
    assume(max(other[0], below[0]) <= min(other[1], below[1]) or (other[0] == other[1] and below[0] == below[1]))
    return Bins(counts, LABELS, (1.0, 2.0), None, np.array([off]) if any(off) else None)


def ways(side: Bins) -> Iterator[Bins]:
    """Yield the side with its rows wherever they may lie."""
    below, (off,) = np.cumsum(side.counts[0])[:2], np.zeros((1, 2), int) if side.astray is None else side.astray
    ranges = [range(min(low, low - by), max(low, low - by) + 1) for low, by in zip(below.tolist(), off.tolist(), strict=True)]
    valid = int(side.counts[0, :3].sum())
    for first, second in itertools.product(*ranges):
        if first <= second:
            yield Bins(np.array([[first, second - first, valid - second, side.counts[0, 3]]]), LABELS, side.edges)


@pytest.mark.parametrize("name", BINNED)
@settings(max_examples=60, deadline=None)
@given(reference=sides(), current=sides())
def test_bounded__hold_every_way_the_rows_may_lie_and_the_upper_is_attained(name: str, reference: Bins, current: Bins) -> None:
    metric = BINNED[name]
    assert metric.bounded is not None
    found, lower, upper = metric.bounded(reference, current)
    possible = [metric.statistic(*pair)[0] for pair in itertools.product(ways(reference), ways(current))]
    assert found[0] == metric.statistic(reference, current)[0] or np.isnan(found[0])
    if np.isnan(found[0]):
        assert np.isnan([lower[0], upper[0]]).all()
        return
    assert lower[0] <= min(possible)
    assert max(possible) <= upper[0]
    if name != "psi":  # how many bins hold a row is uncertain, and smoothing depends on it
        assert upper[0] == pytest.approx(max(possible), rel=1e-9, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(reference=sides(), current=sides(), times=st.sampled_from([1, 4, 9, 30]))
def test_pvalues__hold_every_way_the_rows_may_lie(reference: Bins, current: Bins, times: int) -> None:
    """With so many times the rows, bins of which some, all or none have few."""
    least, greatest = homogeneity_pvalues(more(reference, times), more(current, times))
    for pair in itertools.product(ways(reference), ways(current)):
        pvalue = homogeneity_pvalue(*(more(side, times) for side in pair), np.zeros(1))
        assert least[0] <= pvalue[0] * (1 + 1e-9) or np.isnan([least[0], pvalue[0]]).all()
        assert pvalue[0] <= greatest[0] * (1 + 1e-9) or np.isnan([greatest[0], pvalue[0]]).all()


def more(side: Bins, times: int) -> Bins:
    return replace(side, counts=side.counts * times, astray=None if side.astray is None else side.astray * times)


@pytest.mark.parametrize("name", BINNED)
def test_bounded__are_the_statistic_itself_where_every_count_is_exact(name: str) -> None:
    exact = Bins(np.array([[3, 4, 5, 0]]), LABELS, (1.0, 2.0)), Bins(np.array([[1, 9, 5, 2]]), LABELS, (1.0, 2.0))
    found, lower, upper = BINNED[name].bounded(*exact)  # type: ignore[misc]
    assert found.tolist() == lower.tolist() == upper.tolist() == BINNED[name].statistic(*exact).tolist()

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lakedrift_kernels import floods

GROUP = st.integers(0, 6).flatmap(
    lambda n: st.tuples(*(st.lists(counts, min_size=n, max_size=n) for counts in (st.integers(0, 40),) * 2), st.just(n))
)


def increases(reference, current, single):
    """The same, cell by cell."""
    n, m = max(sum(reference), 1), max(sum(current), 1)
    was, now = [count / n for count in reference], [count / m for count in current]
    around = [0, *now, 0]
    alone = [now[i] >= 10 * was[i] and now[i] >= 10 * max(around[i], around[i + 2]) for i in range(len(now))]
    least = [now[i] - was[i] if alone[i] and single[i] else 0 for i in range(len(now))]
    most = [(now[i] - was[i] if single[i] else now[i]) if alone[i] else 0 for i in range(len(now))]
    return least, most


@given(group=GROUP, odd=st.booleans())
def test_increases__as_cell_by_cell(group, odd):
    reference, current, n = group
    single = np.arange(n) % 2 == odd
    least, most = np.empty((2, n))
    floods.increases(np.array(reference, np.int64), np.array(current, np.int64), single, least, most)
    for found, expected in zip((least, most), increases(reference, current, single), strict=True):
        np.testing.assert_array_equal(found, expected)


@given(group=GROUP, odd=st.booleans())
def test_greatest__is_that_of_each_group(group, odd):
    reference, current, n = group
    single = np.arange(n) % 2 == odd
    sides = np.array([reference, current], np.int64), np.array([current, reference], np.int64)
    least, most, cells = np.empty(2), np.empty(2), np.empty(2, np.int64)
    floods.greatest(*sides, single, least, most, cells)
    for group in range(2):
        low, high = np.empty((2, n))
        floods.increases(sides[0][group], sides[1][group], single, low, high)
        assert least[group] == low.max(initial=0.0)
        assert most[group] == high.max(initial=0.0)
        assert cells[group] == (high.argmax() if most[group] > 0 else -1)

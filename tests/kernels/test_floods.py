from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lakedrift_kernels import floods

CELL = st.tuples(*(st.tuples(st.integers(0, 40), st.integers(0, 40)).map(sorted),) * 2, st.booleans())


def increases(reference, current, n, m):
    """The same of one group, cell by cell, of pairs of the least and the greatest count."""
    was, now = ([[count / max(rows, 1) for count in ends] for ends in side] for side, rows in ((reference, n), (current, m)))
    around = [(0, 0), *now, (0, 0)]
    for i, (few, many) in enumerate(now):
        beside = around[i], around[i + 2]
        certain = few >= 10 * was[i][1] and few >= 10 * max(most for _, most in beside)
        possible = many >= 10 * was[i][0] and many >= 10 * max(least for least, _ in beside)
        yield (few - was[i][1] if certain else 0, many - was[i][0] if possible else 0, many if possible else 0)


@given(cells=st.lists(CELL, max_size=6), rows=st.tuples(*(st.integers(0, 200),) * 2))
def test_increases__as_cell_by_cell_in_every_group(cells, rows):
    reference, current, single = (list(side) for side in zip(*cells, strict=True)) if cells else ([], [], [])
    groups = (reference, current, *rows), (current, reference, *rows)
    tables = [np.array([group[side] for group in groups], np.int64).reshape(2, len(cells), 2) for side in (0, 1)]
    ends = [tuple(np.ascontiguousarray(table[:, :, end]) for end in (0, 1)) for table in tables]
    least, most = np.empty((2, 2, len(cells)))
    floods.increases(*ends, tuple(np.full(2, n) for n in rows), np.array(single, bool), least, most)
    for low, high, group in zip(least, most, groups, strict=True):
        expected = list(increases(*group))
        np.testing.assert_array_equal(low, [grown if one else 0 for one, (grown, _, _) in zip(single, expected, strict=True)])
        np.testing.assert_array_equal(
            high, [grown if one else of_any for one, (_, grown, of_any) in zip(single, expected, strict=True)]
        )

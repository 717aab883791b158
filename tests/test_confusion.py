"""Tables of labels by predictions, of few classes and groups, which kernels count, and of many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakedrift import confusion
from lakedrift.confusion import Confusion, Pairs
from lakedrift.summary import Codes

NAMES = ["a", "b", "c"]
CODES = st.integers(-1, len(NAMES) - 1)
ROWS = st.lists(st.tuples(CODES, CODES, st.integers(0, 1), st.integers(-9, 9)), min_size=1, max_size=40)


def table(rows: list[tuple[int, ...]]) -> tuple[list[int], Confusion]:
    label, prediction, groups = (np.array([row[at] for row in rows], np.int32) for at in range(3))
    units = np.array([row[3] for row in rows], np.int64)
    codes = Codes.of(groups, 2)
    pairs = Pairs.of(label, prediction, len(NAMES), codes)
    found = Confusion([], 10, 2)
    found.add(NAMES, pairs, label, prediction, units, codes)
    return [int(pairs.times[these].sum()) for these in pairs.kinds], found.ordered()


@given(rows=ROWS)
def test_pairs__are_the_same_however_many_classes_and_groups_there_are(rows):
    kinds, counted = table(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(confusion, "MOST_PLACES", 0)
        one_by_one, expected = table(rows)
    assert kinds == one_by_one
    assert counted.names == expected.names
    assert counted.counts.tolist() == expected.counts.tolist()
    assert counted.worth.tolist() == expected.worth.tolist()
    assert kinds[0] == sum(label < 0 for label, *_ in rows)
    assert kinds[2] == sum(label == said >= 0 for label, said, *_ in rows)


def test_add__of_rows_that_say_nothing_changes_nothing_whatever_was_counted_before():
    _, counted = table([(0, 1, 0, 5)])
    none, codes = np.array([-1], np.int32), Codes.of(np.zeros(1, np.int32), 2)
    before = counted.counts.tolist(), counted.worth.tolist(), counted.names
    counted.add([], Pairs.of(none, none, 0, codes), none, none, np.array([7]), codes)
    assert (counted.counts.tolist(), counted.worth.tolist(), counted.names) == before

"""What a model said and what came true, counted by kernels and row by row."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lakedrift_kernels import outcomes

N_CLASSES, N_GROUPS, N_CELLS = 3, 2, 5
CLASSES = st.integers(-1, N_CLASSES - 1)
ROWS = st.lists(st.tuples(CLASSES, CLASSES, st.integers(-2, N_CELLS - 1), st.integers(0, N_GROUPS - 1)), max_size=30)
JOINED = np.array([0, 0, 1, 2, 2], np.int32)


def arrays(rows: list[tuple[int, ...]]) -> list[np.ndarray]:
    return [np.array([row[at] for row in rows], np.int32) for at in range(4)]


@given(rows=ROWS)
def test_pairs__are_those_of_each_row(rows):
    label, prediction, _, codes = arrays(rows)
    counts = np.zeros((2, N_GROUPS, N_CLASSES + 1, N_CLASSES + 1), np.int64)
    outcomes.count_pairs(label, prediction, codes, counts)
    expected = np.zeros_like(counts[0])
    for true, said, _, group in rows:
        expected[group, true + 1, said + 1] += 1
    assert counts.sum(axis=0).tolist() == expected.tolist()


@given(rows=ROWS, decided=st.booleans(), positive=st.sampled_from([None, -2, 1]))
def test_scores__are_counted_where_the_event_is_known(rows, decided, positive):
    label, prediction, cells, codes = arrays(rows)
    scores, missing = np.zeros((N_GROUPS, 3, 2), np.int64), np.zeros((2, N_GROUPS), np.int64)
    event = prediction if positive is None else np.array([positive], np.int32)
    outcomes.add_scores(cells, label, event, decided, JOINED, codes, scores, missing)
    expected, without = np.zeros_like(scores), np.zeros_like(missing)
    for true, said, cell, group in rows:
        what = said if positive is None else positive
        if true < 0 or (decided and what < 0):
            continue
        if cell >= 0:
            expected[group, JOINED[cell], int(true == what)] += 1
        else:
            without[-1 - cell, group] += 1
    assert scores.tolist() == expected.tolist()
    assert missing.tolist() == without.tolist()


@given(rows=st.lists(st.tuples(st.integers(0, 1 << 62), st.integers(-2, N_CELLS - 1)), max_size=30))
def test_stretch__keeps_the_least_and_the_greatest(rows):
    lows, highs = np.full(3, np.iinfo(np.int64).max), np.full(3, -1)
    scores, cells = np.array([score for score, _ in rows], np.int64), np.array([cell for _, cell in rows], np.int32)
    outcomes.stretch(scores, cells, JOINED, lows, highs)
    for cell in range(3):
        found = [score for score, at in rows if at >= 0 and JOINED[at] == cell]
        assert (lows[cell], highs[cell]) == (min(found, default=np.iinfo(np.int64).max), max(found, default=-1))


def test_locate_scores__what_is_no_probability_has_no_cell():
    scores = np.array([math.nan, -0.1, 1.5, math.inf, -math.inf, -5e-324, 0.0, -0.0, 1.0, 0.5])
    cells = np.empty(len(scores), np.int32)
    half, shift, first = 2 + (20 << 3), 49, (1023 - 21) << 52
    outcomes.locate_scores(scores, first, shift, half, np.empty(outcomes.BLOCK), cells)
    unknown, outside = int(outcomes.UNKNOWN), int(outcomes.OUTSIDE)
    assert cells.tolist() == [unknown, *[outside] * 5, 0, 0, 2 * half, half]


def test_decide__is_the_side_of_one_half():
    cells, codes = np.array([-1, -2, 0, 6, 7, 8, 14], np.int32), np.full(7, -7, np.int32)
    outcomes.decide(cells, np.int32(7), codes)
    assert codes.tolist() == [-1, -1, 0, 0, 0, 1, 1]

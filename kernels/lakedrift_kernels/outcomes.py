"""Counting what a model said and what came true, by group: classes as codes, -1 where there is none; scores as cells.

`codes` (n,) are in [0, n_groups).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["BLOCK", "add_scores", "count_pairs", "decide", "locate_scores", "stretch"]

Cells = NDArray[np.int32]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
UNKNOWN = np.int32(-1)
OUTSIDE = np.int32(-2)
SPECIAL = np.int64(2)
ONE, EVERY_OTHER = np.int32(1), np.uint64(1)
BLOCK = 2048


@kernel
def locate_scores(scores: Floats, first: int, shift: int, half: int, below: Floats, cells: Cells) -> None:
    """Write the cell of each score to `cells` (n,), as `lakedrift.scoring` says.

    `first` are the bits of the least number in the cells of an octave. A cell leaves `shift` bits out, and that of 1/2 is
    number `half`. `below` (BLOCK,) is scratch for min(p, 1 - p).
    """
    bits = below.view(np.int64)
    for begin in range(0, scores.size, BLOCK):
        some = scores[begin : begin + BLOCK]  # blocks of their own are known not to overlap, which makes it six times as fast
        found = cells[begin : begin + BLOCK]
        for i in range(some.size):
            score = some[i]
            below[i] = 1.0 - score if score > 0.5 else score + 0.0
        for i in range(some.size):
            score = some[i]
            cell = (max(bits[i], np.int64(0)) - first) >> shift
            cell = cell + SPECIAL if cell > -1 else np.int64(1)
            cell = cell if bits[i] > 0 else np.int64(0)
            cell = 2 * half - cell if score > 0.5 else cell
            cell = cell if bits[i] >= 0 else np.int64(OUTSIDE)
            found[i] = cell if score == score else np.int64(UNKNOWN)


@kernel
def decide(cells: Cells, half: np.int32, codes: Cells) -> None:
    """Write to `codes` (n,) whether the cell of each score is beyond that of 1/2, number `half`, and -1 where it has none."""
    for i in range(cells.size):
        codes[i] = np.int32(cells[i] > half) if cells[i] >= 0 else UNKNOWN


@kernel
def stretch(scores: Counts, cells: Cells, joined: Cells, lows: Counts, highs: Counts) -> None:
    """Bring the bits of scores, (n,), into the least and the greatest of their cells, (n_cells,), joined from finer ones.

    No score of a cell is negative, but for -0.0, which is 0.0.
    """
    for i in range(scores.size):
        row = np.uint64(i)  # an index that may be negative costs a look at its sign
        if cells[row] >= 0:
            cell = np.uint64(joined[np.uint64(cells[row])])
            score = max(scores[row], np.int64(0))
            if score < lows[cell]:
                lows[cell] = score
            if score > highs[cell]:
                highs[cell] = score


@kernel
def count_pairs(label: Cells, prediction: Cells, codes: Cells, counts: Counts) -> None:
    """Count rows (2, n_groups, n_classes + 1, n_classes + 1) by label and prediction, each one more than its code: 0 is none.

    Every other row is counted in the second table: increments of one place wait for one another.
    """
    for i in range(label.size):
        row = np.uint64(i)
        true = np.uint64(label[row] + ONE)
        said = np.uint64(prediction[row] + ONE)
        counts[row & EVERY_OTHER, np.uint64(codes[row]), true, said] += 1


@kernel
def add_scores(
    cells: Cells, label: Cells, event: Cells, decided: bool, joined: Cells, codes: Cells, scores: Counts, missing: Counts
) -> None:
    """Count rows by score, (n_groups, n_cells, 2), where the event did not come, and came: that label is `event`, (n,) or (1,).

    Rows whose label is not known are left out, and if the event is `decided` by a prediction, those without one. Of the others,
    `missing` (2, n_groups) counts those without a score, and those of one outside of [0, 1].
    """
    single = event.size == 1
    for i in range(cells.size):
        row = np.uint64(i)
        what = event[0] if single else event[row]
        if label[row] >= 0 and not (decided and what < 0):
            if cells[row] >= 0:
                cell = np.uint64(joined[np.uint64(cells[row])])
                scores[np.uint64(codes[row]), cell, np.uint64(label[row] == what)] += 1
            else:
                missing[0 if cells[row] == UNKNOWN else 1, codes[row]] += 1

"""Counting what a model said and what came true, by group: classes as codes, -1 where there is none; scores as cells.

`codes` (n,) are in [0, n_groups).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["add_pairs", "add_scores", "add_slots", "locate_scores", "stretch"]

Cells = NDArray[np.int32]
Counts = NDArray[np.int64]
UNKNOWN = np.int32(-1)
OUTSIDE = np.int32(-2)
SPECIAL = np.int64(2)


@kernel
def locate_scores(scores: NDArray[np.float64], below: Counts, first: int, shift: int, half: int, cells: Cells) -> None:
    """Write the cell of each score to `cells` (n,), as `lakedrift.scoring` says.

    `below` (n,) are the bits of min(p, 1 - p), and `first` those of the least number in the cells of an octave. A cell leaves
    `shift` bits out, and that of 1/2 is number `half`.
    """
    for i in range(scores.size):
        score = scores[i]
        if score != score:
            cells[i] = UNKNOWN
        elif not 0.0 <= score <= 1.0:
            cells[i] = OUTSIDE
        else:
            cell = np.int64(half)
            if score != 0.5:
                cell = max((below[i] - first) >> shift, np.int64(-1)) + SPECIAL
                if score == 0.0 or score == 1.0:
                    cell = np.int64(0)
            cells[i] = 2 * half - cell if score > 0.5 else cell


@kernel
def stretch(scores: Counts, cells: Cells, joined: Cells, lows: Counts, highs: Counts) -> None:
    """Bring the bits of scores, (n,), into the least and the greatest of their cells, (n_cells,), joined from finer ones."""
    for i in range(scores.size):
        if cells[i] >= 0:
            cell = joined[cells[i]]
            lows[cell] = min(lows[cell], scores[i])
            highs[cell] = max(highs[cell], scores[i])


@kernel
def add_slots(label: Cells, prediction: Cells, codes: Cells, slots: Counts, occur: NDArray[np.bool_]) -> None:
    """Count rows (4, n_groups) without a label, with one and no prediction, right, and wrong; note the classes of these two."""
    for i in range(label.size):
        group = codes[i]
        if label[i] < 0:
            slots[0, group] += 1
        elif prediction[i] < 0:
            slots[1, group] += 1
        else:
            occur[label[i]] = True
            occur[prediction[i]] = True
            slots[2 if label[i] == prediction[i] else 3, group] += 1


@kernel
def add_pairs(label: Cells, prediction: Cells, place: Cells, codes: Cells, counts: Counts) -> None:
    """Count rows with both (n_groups, n_names, n_names), where `place` (n_classes,) says which name each class is."""
    for i in range(label.size):
        if label[i] >= 0 and prediction[i] >= 0:
            counts[codes[i], place[label[i]], place[prediction[i]]] += 1


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
        what = event[0] if single else event[i]
        if label[i] < 0 or (decided and what < 0):
            continue
        if cells[i] >= 0:
            scores[codes[i], joined[cells[i]], 1 if label[i] == what else 0] += 1
        else:
            missing[0 if cells[i] == UNKNOWN else 1, codes[i]] += 1

"""Counting rows by a few bins of each column: for seven edges, comparing as in a tree is faster than any search.

Written out, a comparison is one instruction for several values; in a loop over edges they take fifteen times as long.

`places` (n,) is where a row is counted if its bin is the first one, `NOWHERE` where it is not; a bin is `stride` places long.
Rows that are not counted add nothing to the first place: to branch on them costs four times as much where they are scattered.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["BLOCK", "EDGES", "NOWHERE", "add_bins", "add_numbers", "pair_up", "place_numbers"]

Cells = NDArray[np.int32]
BLOCK = 2048
EDGES = 7
FIRST = np.int32(0)
NOWHERE = np.int32(-(1 << 30))


@kernel
def place_numbers(
    values: NDArray[np.float64], edges: NDArray[np.float64], missing: int, places: Cells, stride: np.int32, placed: Cells
) -> None:
    """Write to `placed` (n,) where each row is counted: the bin is how many edges (7,) are not above, or `missing` of NaN.

    Of fewer edges the others are NaN, at the end.
    """
    e0, e1, e2, e3, e4, e5, e6 = edges[0], edges[1], edges[2], edges[3], edges[4], edges[5], edges[6]
    last = np.int32(missing) * stride
    for i in range(values.size):
        x = values[i]
        upper = x >= e3
        middle = e5 if upper else e1
        least = e4 if upper else e0
        most = e6 if upper else e2
        higher = x >= middle
        highest = x >= (most if higher else least)
        cell = (np.int32(upper) << 2) + (np.int32(higher) << 1) + np.int32(highest)
        placed[i] = places[i] + (cell * stride if x == x else last)


@kernel
def add_numbers(
    values: NDArray[np.float64],
    edges: NDArray[np.float64],
    missing: int,
    places: Cells,
    stride: np.int32,
    counts: NDArray[np.int64],
    placed: Cells,
) -> None:
    """Count rows in `counts` (n_places,) as `place_numbers` says; `placed` (BLOCK,) is scratch."""
    for begin in range(0, values.size, BLOCK):
        end = min(begin + BLOCK, values.size)
        place_numbers(values[begin:end], edges, missing, places[begin:end], stride, placed[: end - begin])
        for i in range(end - begin):
            at = placed[np.uint64(i)]
            counts[np.uint64(max(at, FIRST))] += np.int64(at >= FIRST)


@kernel
def add_bins(values: Cells, bins: Cells, places: Cells, stride: np.int32, counts: NDArray[np.int64]) -> None:
    """Count rows by `bins[values[i] + 1]`, where values[i] is -1 or more, as `add_numbers` does."""
    for i in range(values.size):
        row = np.uint64(i)
        at = places[row] + bins[np.uint64(values[row] + 1)] * stride
        counts[np.uint64(max(at, FIRST))] += np.int64(at >= FIRST)


@kernel
def pair_up(label: Cells, prediction: Cells, bins: Cells, kinds: Cells) -> None:
    """Write to `kinds` (n,) twice the bin of the label, `bins[label[i] + 1]`, and one more where the prediction is another.

    It is -1 where there is no label, -1 itself, and -2 where there is one and no prediction.
    """
    for i in range(label.size):
        wrong = np.int32(label[i] != prediction[i])
        kind = np.int32(2) * bins[np.uint64(label[i] + 1)] + wrong
        kind = kind if prediction[i] >= 0 else np.int32(-2)
        kinds[i] = kind if label[i] >= 0 else np.int32(-1)

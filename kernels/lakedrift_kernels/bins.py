"""Counting rows by a few bins of each column: for seven edges, comparing as in a tree is faster than any search.

Written out, a comparison is one instruction for several values; in a loop over edges they take fifteen times as long. A bin is
a byte: bytes are written by as many at a time as their numbers are compared.

The kind of a row, (n,), is what is counted by bin; the last kinds of all are those of rows that are not counted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["BLOCK", "EDGES", "NOWHERE", "add_bins", "add_pair", "bin_codes", "bin_numbers", "pair_up"]

Bins = NDArray[np.uint8]
Cells = NDArray[np.int32]
Counts = NDArray[np.int64]
BLOCK = 2048
EDGES = 7
FIRST = np.int32(0)
NOWHERE = np.int32(-(1 << 30))


@kernel
def bin_numbers(values: NDArray[np.float64], edges: NDArray[np.float64], missing: np.uint8, found: Bins) -> None:
    """Write to `found` (n,) the bin of each value: how many edges (7,) are not above, or `missing` of NaN.

    Of fewer edges the others are NaN, at the end.
    """
    e0, e1, e2, e3, e4, e5, e6 = edges[0], edges[1], edges[2], edges[3], edges[4], edges[5], edges[6]
    for i in range(values.size):
        x = values[i]
        upper = x >= e3
        middle = e5 if upper else e1
        least = e4 if upper else e0
        most = e6 if upper else e2
        higher = x >= middle
        highest = x >= (most if higher else least)
        found[i] = (np.uint8(upper) << 2) + (np.uint8(higher) << 1) + np.uint8(highest) if x == x else missing


@kernel
def bin_codes(codes: Cells, bins: Bins, found: Bins) -> None:
    """Write to `found` (n,) the bin of each code, `bins[codes[i] + 1]`, where codes[i] is -1 or more."""
    for i in range(codes.size):
        row = np.uint64(i)
        found[row] = bins[np.uint64(codes[row] + 1)]


@kernel
def add_pair(
    one: Bins, other: Bins, kinds: Bins, ones: Counts, others: Counts, table: Counts, places: NDArray[np.uint16]
) -> None:
    """Count rows by the bins of two columns, in `ones` and `others`, (n_bins, n_counted) each.

    One increment of `table` (n_others, n_ones, n_kinds), all zeros and of no more than 65,536 places, does for both: more than
    any work on values, increments of a few places wait for one another. `places` (BLOCK,) is scratch.
    """
    wide, deep = np.uint16(table.shape[1]), np.uint16(table.shape[2])
    flat = table.reshape(-1)
    for begin in range(0, kinds.size, BLOCK):
        first = one[begin : begin + BLOCK]
        second = other[begin : begin + BLOCK]
        kind = kinds[begin : begin + BLOCK]
        for i in range(kind.size):
            places[i] = (np.uint16(second[i]) * wide + np.uint16(first[i])) * deep + np.uint16(kind[i])
        for i in range(kind.size):
            flat[np.uint64(places[np.uint64(i)])] += 1
    for b in range(others.shape[0]):
        for a in range(ones.shape[0]):
            for k in range(ones.shape[1]):
                ones[a, k] += table[b, a, k]
                others[b, k] += table[b, a, k]


@kernel
def add_bins(found: Bins, places: Cells, stride: np.int32, counts: Counts) -> None:
    """Count rows in `counts` (n_places,), `stride` places a bin.

    `places` (n,) is where a row is counted if its bin is the first one, `NOWHERE` where it is not. Rows that are not counted
    add nothing to the first place: to branch on them costs four times as much where they are scattered.
    """
    for i in range(found.size):
        row = np.uint64(i)
        at = places[row] + np.int32(found[row]) * stride
        counts[np.uint64(max(at, FIRST))] += np.int64(at >= FIRST)


@kernel
def pair_up(label: Cells, prediction: Cells, bins: Bins, unsaid: np.uint8, unknown: np.uint8, kinds: Bins) -> None:
    """Write to `kinds` (n,) twice the bin of the label, `bins[label[i] + 1]`, and one more where the prediction is another.

    It is `unknown` where there is no label, -1 itself, and `unsaid` where there is one and no prediction.
    """
    for i in range(label.size):
        row = np.uint64(i)
        wrong = np.uint8(label[row] != prediction[row])
        kind = np.uint8(2) * bins[np.uint64(label[row] + 1)] + wrong
        kind = kind if prediction[row] >= 0 else unsaid
        kinds[row] = kind if label[row] >= 0 else unknown

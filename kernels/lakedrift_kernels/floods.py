"""Cells that one value may have flooded: their share grew much, while what is around them, and what was there before, is small.

A cell stands alone where its current share is at least `ALONE` times its share in the reference, and `ALONE` times the current
share of either neighbour. Where it can hold one value only, the share of that value grew by the difference; of several values
the reference may have all the others and not the one that grew, or none did.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import inner, kernel
from lakedrift_kernels.counts import rows_of

__all__ = ["ALONE", "greatest", "increases"]

ALONE = 10.0

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@kernel
def increases(reference: Counts, current: Counts, single: NDArray[np.bool_], least: Floats, most: Floats) -> None:
    """Write by how much the share of one value in each cell grew at least and at most, (c,) each; 0 where none stands alone.

    `reference` and `current` (c,) are the counts of one group, `single` (c,) says which cells can hold one value only.
    """
    n = max(rows_of(reference), 1)
    m = max(rows_of(current), 1)
    for i in range(current.size):
        least[i], most[i] = _increase(reference, current, n, m, i, single[i])


@kernel
def greatest(reference: Counts, current: Counts, single: NDArray[np.bool_], least: Floats, most: Floats, cells: Counts) -> None:
    """Write the greatest `increases` of each of g groups, at least and at most, and the cell of the latter or -1, (g,)."""
    for g in range(reference.shape[0]):
        n = max(rows_of(reference[g]), 1)
        m = max(rows_of(current[g]), 1)
        least[g] = 0.0
        most[g] = 0.0
        cells[g] = -1
        for i in range(single.size):
            low, high = _increase(reference[g], current[g], n, m, i, single[i])
            least[g] = max(least[g], low)
            if high > most[g]:
                most[g] = high
                cells[g] = i


@inner
def _increase(reference: Counts, current: Counts, n: int, m: int, i: int, single: bool) -> tuple[float, float]:
    """Return by how much the share of one value in cell i of a group, of n and m rows, grew at least and at most."""
    share = current[i] / m
    was = reference[i] / n
    if share < ALONE * was:
        return 0.0, 0.0
    before = current[i - 1] if i > 0 else 0
    after = current[i + 1] if i + 1 < current.size else 0
    if share < ALONE * (max(before, after) / m):
        return 0.0, 0.0
    return (share - was, share - was) if single else (0.0, share)

"""Cells that one value may have flooded: their share grew much, while what is around them, and what was there before, is small.

A cell stands alone where its current share is at least `ALONE` times its share in the reference, and `ALONE` times the current
share of either neighbour. Where it can hold one value only, the share of that value grew by the difference; of several values
the reference may have all the others and not the one that grew, or none did.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["ALONE", "greatest", "increases"]

ALONE = 10.0

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


@kernel
def increases(reference: Counts, current: Counts, single: NDArray[np.bool_], least: Floats, most: Floats) -> None:
    """Write by how much the share of one value in each cell grew at least and at most, (c,) each; 0 where none stands alone.

    `reference` and `current` (c,) are the counts of one group, `single` (c,) says which cells can hold one value only.
    """
    n = max(reference.sum(), 1)
    m = max(current.sum(), 1)
    before = 0.0
    share = current[0] / m if current.size else 0.0
    for i in range(current.size):
        after = current[i + 1] / m if i + 1 < current.size else 0.0
        was = reference[i] / n
        alone = share >= ALONE * was and share >= ALONE * max(before, after)
        least[i] = share - was if alone and single[i] else 0.0
        most[i] = (share - was if single[i] else share) if alone else 0.0
        before = share
        share = after


@kernel
def greatest(reference: Counts, current: Counts, single: NDArray[np.bool_], least: Floats, most: Floats, cells: Counts) -> None:
    """Write the greatest `increases` of each of g groups, at least and at most, and the cell of the latter or -1, (g,)."""
    low = np.empty(single.size)
    high = np.empty(single.size)
    for g in range(reference.shape[0]):
        increases(reference[g], current[g], single, low, high)
        least[g] = 0.0
        most[g] = 0.0
        cells[g] = -1
        for i in range(single.size):
            least[g] = max(least[g], low[i])
            if high[i] > most[g]:
                most[g] = high[i]
                cells[g] = i

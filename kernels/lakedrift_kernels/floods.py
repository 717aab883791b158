"""Cells that one value may have flooded: their share grew much, while what is around them, and what was there before, is small.

A cell stands alone where its current share is at least `ALONE` times its share in the reference, and `ALONE` times the current
share of either neighbour. Where it can hold one value only, the share of that value grew by the difference; of several values
the reference may have all the others and not the one that grew, or none did.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["increases"]

ALONE = 10.0

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Range = tuple[Counts, Counts]


@kernel
def increases(reference: Range, current: Range, rows: Range, single: NDArray[np.bool_], least: Floats, most: Floats) -> None:
    """Write by how much the share of one value in each cell grew at least and at most, (g, c) each; 0 where none stands alone.

    `reference` and `current` are the least and the greatest count of each cell, (g, c), the same where these are exact, `rows`
    (g,) of either side what shares are of; `single` (c,) says which cells can hold one value only.
    """
    for g in range(least.shape[0]):
        n = max(rows[0][g], 1)
        m = max(rows[1][g], 1)
        for i in range(single.size):  # shares, until what they grew by takes their place
            least[g, i] = current[0][g, i] / m
            most[g, i] = current[1][g, i] / m
        before = (0.0, 0.0)
        for i in range(single.size):
            share = (least[g, i], most[g, i])
            after = (least[g, i + 1], most[g, i + 1]) if i + 1 < single.size else (0.0, 0.0)
            low = 0.0
            high = 0.0
            if share[1] >= ALONE * max(before[0], after[0]):
                was = (reference[0][g, i] / n, reference[1][g, i] / n)
                if share[1] >= ALONE * was[0]:
                    high = share[1] - was[0] if single[i] else share[1]
                if single[i] and share[0] >= ALONE * max(was[1], before[1], after[1]):
                    low = share[0] - was[1]
            least[g, i] = low
            most[g, i] = high
            before = share

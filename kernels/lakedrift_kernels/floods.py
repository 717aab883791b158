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
    low, high = np.empty(single.size + 2), np.empty(single.size + 2)
    low[0] = low[-1] = high[0] = high[-1] = 0.0  # where nothing is
    for g in range(least.shape[0]):
        n = max(rows[0][g], 1)
        m = max(rows[1][g], 1)
        for i in range(single.size):
            low[i + 1] = current[0][g, i] / m
            high[i + 1] = current[1][g, i] / m
        for i in range(single.size):
            was_low = reference[0][g, i] / n
            was_high = reference[1][g, i] / n
            certain = low[i + 1] >= ALONE * max(was_high, high[i], high[i + 2])
            possible = high[i + 1] >= ALONE * max(was_low, low[i], low[i + 2])
            least[g, i] = low[i + 1] - was_high if certain and single[i] else 0.0
            most[g, i] = (high[i + 1] - (was_low if single[i] else 0.0)) if possible else 0.0

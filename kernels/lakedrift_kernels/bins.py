"""Which of a few bins each number is in: for few edges, comparing with all of them is faster than any search."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["locate_bins"]

BLOCK = 2048


@kernel
def locate_bins(values: NDArray[np.float64], edges: NDArray[np.float64], located: NDArray[np.int32]) -> None:
    """Write to `located` (n,) how many of the ascending edges (k,) are not above each value; k + 1 where it is NaN."""
    missing = np.int32(edges.size + 1)
    for begin in range(0, values.size, BLOCK):
        end = min(begin + BLOCK, values.size)
        for i in range(begin, end):
            located[i] = missing if values[i] != values[i] else np.int32(0)
        for edge in edges:
            for i in range(begin, end):
                located[i] += np.int32(values[i] >= edge)

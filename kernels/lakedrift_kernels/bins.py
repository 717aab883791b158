"""Which of a few bins each number is in: for seven edges, comparing with all of them at once is faster than any search.

Written out, the comparisons are one instruction for several values each; in a loop over edges they take fifteen times as long.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["BLOCK", "EDGES", "add_bins", "add_numbers", "locate_bins"]

BLOCK = 2048
EDGES = 7


@kernel
def locate_bins(values: NDArray[np.float64], edges: NDArray[np.float64], missing: int, located: NDArray[np.int32]) -> None:
    """Write to `located` (n,) how many of the edges (7,) are not above each value, or `missing` where it is NaN.

    Of fewer edges the others are NaN.
    """
    e0, e1, e2, e3, e4, e5, e6 = edges[0], edges[1], edges[2], edges[3], edges[4], edges[5], edges[6]
    for i in range(values.size):
        x = values[i]
        low = np.int32(x >= e0) + np.int32(x >= e1) + np.int32(x >= e2) + np.int32(x >= e3)
        high = np.int32(x >= e4) + np.int32(x >= e5) + np.int32(x >= e6)
        located[i] = low + high if x == x else missing


@kernel
def add_bins(
    located: NDArray[np.int32], kinds: NDArray[np.int32], codes: NDArray[np.int32], first: int, counts: NDArray[np.int64]
) -> None:
    """Count rows by group, bin from the first one on, and kind, (n_groups, n_bins, n_kinds); one of a negative kind is none."""
    for i in range(located.size):
        if kinds[i] >= 0:
            counts[np.uint64(codes[i]), np.uint64(first + located[i]), np.uint64(kinds[i])] += 1


@kernel
def add_numbers(
    values: NDArray[np.float64],
    edges: NDArray[np.float64],
    missing: int,
    kinds: NDArray[np.int32],
    codes: NDArray[np.int32],
    first: int,
    counts: NDArray[np.int64],
    located: NDArray[np.int32],
) -> None:
    """Do `locate_bins` and `add_bins` of some numbers at a time; `located` (BLOCK,) is room to work in."""
    for begin in range(0, values.size, BLOCK):
        end = min(begin + BLOCK, values.size)
        locate_bins(values[begin:end], edges, missing, located[: end - begin])
        add_bins(located[: end - begin], kinds[begin:end], codes[begin:end], first, counts)

"""Which of a few bins each number is in: for few edges, comparing with all of them is faster than any search."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["BLOCK", "add_bins", "add_numbers", "locate_bins"]

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


@kernel
def add_bins(
    located: NDArray[np.int32], kinds: NDArray[np.int32], codes: NDArray[np.int32], first: int, counts: NDArray[np.int64]
) -> None:
    """Count rows by group, bin from the first one on, and kind, (n_groups, n_bins, n_kinds); one of a negative kind is none."""
    for i in range(located.size):
        if kinds[i] >= 0:
            counts[codes[i], first + located[i], kinds[i]] += 1


@kernel
def add_numbers(
    values: NDArray[np.float64],
    edges: NDArray[np.float64],
    kinds: NDArray[np.int32],
    codes: NDArray[np.int32],
    first: int,
    counts: NDArray[np.int64],
    located: NDArray[np.int32],
) -> None:
    """Do `locate_bins` and `add_bins` of some numbers at a time; `located` (BLOCK,) is room to work in."""
    for begin in range(0, values.size, BLOCK):
        end = min(begin + BLOCK, values.size)
        locate_bins(values[begin:end], edges, located[: end - begin])
        add_bins(located[: end - begin], kinds[begin:end], codes[begin:end], first, counts)

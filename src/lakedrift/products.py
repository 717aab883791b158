"""Exact sums of products of columns, by products of matrices of doubles.

A block is k columns of n rows: `low` and `high`, (k, n), the two digits of whole numbers z = low + 2**20 high, each at most
2**20 in size. The product of two digits is at most 2**40, and a sum of at most 2**13 of them is at most 2**53: every sum that
a matrix product can come by on the way, in whatever order and with fused operations or without, is an integer that a double
holds. So the result is exact, and the same for every BLAS, number of threads and processor.

Every function returns integers in units of 1, 2**20 and 2**40, as `lakedrift.wide` adds them; None where they are all zero.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.summary import Counts

__all__ = ["MOST_ROWS", "Parts", "products", "squares", "sums"]

MOST_ROWS = 1 << 13  # of a block

Block = NDArray[np.float64]
Parts = tuple[Counts, Counts | None, Counts | None]


def products(low: Block, high: Block, far: NDArray[np.integer]) -> Parts:
    """Return Σ z_i z_j, (k, k); `far` are the columns with a `high` that is not zero."""
    ones = _whole(low @ low.T)
    if not len(far):
        return ones, None, None
    top = high[far]
    twenties, forties = np.zeros_like(ones), np.zeros_like(ones)
    cross = _whole(top @ low.T)
    twenties[far] += cross
    twenties[:, far] += cross.T
    forties[np.ix_(far, far)] = _whole(top @ top.T)
    return ones, twenties, forties


def sums(low: Block, high: Block, far: NDArray[np.integer], marks: Block) -> Parts:
    """Return Σ z_i over the rows of each mark, (k, m); `marks`, (m, n), are 0 and 1."""
    ones = _whole(low @ marks.T)
    if not len(far):
        return ones, None, None
    twenties = np.zeros_like(ones)
    twenties[far] = _whole(high[far] @ marks.T)
    return ones, twenties, None


def squares(low: Block, high: Block, far: NDArray[np.integer], marks: Block) -> Parts:
    """Return Σ z_i² over the rows of each mark, (k, m)."""
    ones = _whole(np.square(low) @ marks.T)
    if not len(far):
        return ones, None, None
    top = high[far]
    twenties, forties = np.zeros_like(ones), np.zeros_like(ones)
    twenties[far] = 2 * _whole((low[far] * top) @ marks.T)
    forties[far] = _whole(np.square(top) @ marks.T)
    return ones, twenties, forties


def _whole(product: Block) -> Counts:
    return product.astype(np.int64)

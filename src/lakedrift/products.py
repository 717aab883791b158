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

__all__ = ["MOST_ROWS", "Parts", "product", "products", "squares", "sums"]

MOST_ROWS = 1 << 13  # of a block
TILE = 64  # columns of a matrix that is multiplied at a time
MOST_STEPS = 1 << 18  # multiplications at a time: with more, OpenBLAS starts threads of its own

Block = NDArray[np.float64]
Parts = tuple[Counts, Counts | None, Counts | None]


def products(low: Block, high: Block, far: NDArray[np.integer]) -> Parts:
    """Return Σ z_i z_j, (k, k); `far` are the columns with a `high` that is not zero."""
    ones = product(low, low)
    if not len(far):
        return ones, None, None
    top = high[far]
    twenties, forties = np.zeros_like(ones), np.zeros_like(ones)
    cross = product(top, low)
    twenties[far] += cross
    twenties[:, far] += cross.T
    forties[np.ix_(far, far)] = product(top, top)
    return ones, twenties, forties


def sums(low: Block, high: Block, far: NDArray[np.integer], marks: Block) -> Parts:
    """Return Σ z_i over the rows of each mark, (k, m); `marks`, (m, n), are 0 and 1."""
    ones = product(low, marks)
    if not len(far):
        return ones, None, None
    twenties = np.zeros_like(ones)
    twenties[far] = product(high[far], marks)
    return ones, twenties, None


def squares(low: Block, high: Block, far: NDArray[np.integer], marks: Block) -> Parts:
    """Return Σ z_i² over the rows of each mark, (k, m)."""
    ones = product(np.square(low), marks)
    if not len(far):
        return ones, None, None
    top = high[far]
    twenties, forties = np.zeros_like(ones), np.zeros_like(ones)
    twenties[far] = 2 * product(low[far] * top, marks)
    forties[far] = product(np.square(top), marks)
    return ones, twenties, forties


def product(one: Block, other: Block) -> Counts:
    """Return one @ other.T, (k, m), in tiles so small that the BLAS multiplies each in the thread that asks for it.

    The engine's threads have every core; those of OpenBLAS wait for one another there, which took a hundred times as long.
    """
    found = np.empty((len(one), len(other)), np.int64)
    for row in range(0, len(one), TILE):
        for column in range(0, len(other), TILE):
            at = slice(row, row + TILE), slice(column, column + TILE)
            found[at] = found[at[::-1]].T if one is other and column < row else _tile(one[at[0]], other[at[1]])
    return found


def _tile(one: Block, other: Block) -> Counts:
    if min(len(one), len(other)) == 1:  # a matrix times a vector, for which the BLAS has other limits
        line: Counts = np.einsum("in,jn->ij", one, other).astype(np.int64)
        return line
    n = one.shape[1]
    step = 1 << (MOST_STEPS // (len(one) * len(other))).bit_length() - 1
    whole = n // step * step
    left = one[:, :whole].reshape(len(one), -1, step).transpose(1, 0, 2)
    right = other[:, :whole].reshape(len(other), -1, step).transpose(1, 2, 0)
    rest = one[:, whole:] @ other[:, whole:].T
    total: Counts = (np.matmul(left, right).sum(axis=0) + rest).astype(np.int64)
    return total

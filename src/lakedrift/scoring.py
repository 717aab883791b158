"""The cells that probabilities are counted in: the same for every profile, fine near 0 and near 1.

Half of them divide [0, 1/2): 2**bits of equal width an octave, [1/4, 1/2), [1/8, 1/4), … twenty octaves down, then what is
left above 0, and 0 itself. 1/2 has a cell of its own, and (1/2, 1] is the mirror image. So a cell is narrow as compared with p
and with 1 - p, which is what a logarithm asks for, and every edge is a dyadic number. With fewer bits the cells are unions.
"""

from __future__ import annotations

import functools
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lakedrift.scratch import room
from lakedrift_kernels import outcomes

__all__ = ["FINEST", "OUTSIDE", "UNKNOWN", "Ends", "cells_of", "decided", "edges_of", "joined", "n_cells"]

OCTAVES = 20
FINEST = 12  # bits of the whole lake: a cell is narrower than 1/4,000 of the probability
SPECIAL = 2  # cells of 0, and of what is too near to it
MANTISSA = 52
FIRST = (1023 - OCTAVES - 1) << MANTISSA  # the bits of 2**-(OCTAVES + 1)
NO_LOW, NO_HIGH = (1 << 63) - 1, -1  # of a cell without scores
UNKNOWN, OUTSIDE = outcomes.UNKNOWN, outcomes.OUTSIDE

Cells = NDArray[np.int32]
Floats = NDArray[np.float64]


class Ends:
    """The least and the greatest score that occurs in each cell, by the bits of doubles, which order them as they are.

    Attributes
    ----------
    lows, highs
        (n_cells,) int64; the greatest integer and -1 where there is none.
    """

    def __init__(self, n: int) -> None:
        self.lows = np.full(n, NO_LOW, np.int64)
        self.highs = np.full(n, NO_HIGH, np.int64)

    def __len__(self) -> int:
        """How many cells there are; a state of groups keeps the ends of none."""
        return len(self.lows)

    def add(self, scores: Floats, cells: Cells, bits: int) -> None:
        """Add scores, (n,), that are in the finest cells, to those of so many bits."""
        outcomes.stretch(scores.view(np.int64), cells, joined(FINEST, bits), self.lows, self.highs)

    def merge(self, other: Self) -> None:
        """Add those of others."""
        np.minimum(self.lows, other.lows, out=self.lows)
        np.maximum(self.highs, other.highs, out=self.highs)

    def outlast(self, other: Self) -> bool:
        """Whether they are the same without others that were added: none is shared."""
        return bool(((other.highs < 0) | (self.lows < other.lows) & (other.highs < self.highs)).all())

    def values(self, bits: int, cells: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return those of some cells as doubles, (n,) each; of cells without scores what may lie in them."""
        lows, highs = self.lows[cells].view(np.float64), self.highs[cells].view(np.float64)
        empty = self.highs[cells] < 0
        if empty.any():
            lows[empty], highs[empty] = (edges[cells[empty]] for edges in edges_of(bits))
        return lows, highs


def n_cells(bits: int) -> int:
    """Return how many cells there are."""
    return 2 * _half(bits) + 1


def cells_of(scores: Floats, bits: int = FINEST) -> Cells:
    """Return the cell of each score, (n,): `UNKNOWN` where it is NaN, `OUTSIDE` where it is no probability.

    Of p > 1/2 it is that of 1 - p, mirrored; the difference is exact (P. H. Sterbenz, 1974). They last until the next.
    """
    cells: Cells = room("cells", len(scores), np.int32)
    outcomes.locate_scores(scores, FIRST, MANTISSA - bits, _half(bits), np.empty(outcomes.BLOCK), cells)
    return cells


def decided(cells: Cells) -> Cells:
    """Return 1 where a score is above 1/2, by its finest cell, 0 where it is not, and `UNKNOWN` where there is none, (n,).

    They last until the next.
    """
    codes: Cells = room("decided", len(cells), np.int32)
    outcomes.decide(cells, np.int32(_half(FINEST)), codes)
    return codes


def edges_of(bits: int) -> tuple[Floats, Floats]:
    """Return the least and the greatest probability that each cell may hold, (n_cells,) each."""
    starts = np.arange(OCTAVES << bits, dtype=np.int64) << (MANTISSA - bits)
    lows = np.concatenate([[0.0, 5e-324], (starts + FIRST).view(np.float64)])
    highs = np.nextafter(np.append(lows[1:], 0.5), 0.0)
    above = 1.0 - lows[::-1]
    above[-SPECIAL] = np.nextafter(1.0, 0.0)
    return np.concatenate([lows, [0.5], 1.0 - highs[::-1]]), np.concatenate([highs, [0.5], above])


@functools.cache
def joined(bits: int, fewer: int) -> Cells:
    """Return which of the cells of `fewer` bits each cell is part of, (n_cells,)."""
    half = np.arange(_half(bits))
    coarse = np.where(half < SPECIAL, half, SPECIAL + ((half - SPECIAL) >> (bits - fewer)))
    last = n_cells(fewer) - 1
    cells: Cells = np.concatenate([coarse, [_half(fewer)], last - coarse[::-1]]).astype(np.int32)
    return cells


def _half(bits: int) -> int:
    return SPECIAL + (OCTAVES << bits)

"""Bounds of a binned statistic where a border of bins lies inside a cell of one side's grid, whose rows may be on either hand.

The statistics are sums over bins of a term in the shares (p, q) that is jointly convex and least, 0, where p = q, as
f-divergences are; they stay so when both shares are smoothed. Hence two bounds, whatever the rows of such cells are.

- *Upper.* What is possible is a polytope of counts below each border, of which a convex function is greatest at a corner: all
  rows of a straddling cell on one hand. Which hand at each border is found along the chain of borders, a bin's term
  depending on its two borders alone. Corners that would make a count negative are left out: of several borders in one cell
  no earlier one has the rows below it that a later one has above.
- *Lower.* The sum of the least value of each term over the counts that its bin may have, whatever the other bins have.

Of smoothing, the number of bins that hold a row may be uncertain as well. A share then lies between two values; a term grows
as its shares move apart, so its extremes over such boxes are at the corners of these that are farthest apart, or nearest.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from lakedrift.metric import Bins, Counts, Floats

__all__ = ["Term", "counts_between", "enclosed", "least_terms"]

Term = Callable[[Floats, Floats], Floats]
Box = tuple[Floats, Floats]

ROUNDED = 1e-15  # of a share: what its division, and the same one in a kernel, may be off by
BOX = (1 - ROUNDED, 1 + ROUNDED)
SUMMED = 1e-12  # of a sum of positive terms


def enclosed(
    reference: Bins,
    current: Bins,
    statistic: Callable[[Bins, Bins], Floats],
    term: Term,
    prior: float = 0.0,
    largest: float = math.inf,
) -> tuple[Floats, Floats, Floats]:
    """Return the statistic of the counts as they are, and the least and greatest possible one, (n_groups,) each.

    Parameters
    ----------
    statistic
        The sum of `term` over the bins that hold a row on either side.
    term
        (p, q), each (..., n_groups) shares -> the same shape; 0 where both are 0.
    prior
        What is added to the count of each such bin before shares are taken.
    largest
        What no statistic exceeds, its rounding aside.
    """
    found = statistic(reference, current)
    if reference.astray is None and current.astray is None:
        return found, found, found
    sides = [_possible(side) for side in (reference, current)]
    ranges = [counts_between(side) for side in (reference, current)]
    certain, possible = (np.logical_or(*(end[at] > 0 for end in ranges)) for at in (0, 1))
    rows = [np.maximum(side.rows, 1) for side in (reference, current)]
    few, many = (rows_of_prior.sum(axis=0) * prior for rows_of_prior in (certain, possible))

    def box(least: Counts, most: Counts, n: Counts) -> Box:
        low, high = (np.maximum(least, 0) + prior) / (n + many), (np.maximum(most, 0) + prior) / (n + few)
        return low * BOX[0], high * BOX[1]

    nearest = _nearest(term, *(box(*ends, n) for ends, n in zip(ranges, rows, strict=True)))
    lower = np.where(certain, nearest, 0.0).sum(axis=0) * (1 - SUMMED)
    before, now = sides[0][:, None, :, None], sides[1][None, :, None, :]
    worth = np.where(possible, _farthest(term, box(before, before, rows[0]), box(now, now, rows[1])), 0.0)
    upper = _greatest(np.where((before < 0) | (now < 0), -np.inf, worth)) * (1 + SUMMED)
    return found, np.minimum(lower, found), np.minimum(np.maximum(upper, found), largest)


def counts_between(side: Bins) -> tuple[Counts, Counts]:
    """Return the least and the greatest count of each bin, (n_bins, n_groups) each, whatever the others have."""
    counts = _possible(side)
    return np.maximum(counts.min(axis=(0, 1)), 0), np.maximum(counts.max(axis=(0, 1)), 0)


def least_terms(reference: Bins, current: Bins, term: Term) -> Floats:
    """Return the least value of the term of each bin, (n_bins, n_groups), whatever the others have."""
    boxes = [
        [ends * scale / np.maximum(side.rows, 1) for ends, scale in zip(counts_between(side), BOX, strict=True)]
        for side in (reference, current)
    ]
    return _nearest(term, *((low, high) for low, high in boxes)) * (1 - SUMMED)


def _possible(side: Bins) -> Counts:
    """Return the counts of each bin with either of the two extremes at its first and at its last border.

    The shape is (n, n, n_bins, n_groups): n is 2, or 1 where every border is certain.
    """
    counts = side.counts.T
    if side.astray is None:
        return counts[None, None]
    n_inner = side.astray.shape[1]
    below = np.cumsum(counts, axis=0)
    ends = np.stack([below, below])
    ends[1, :n_inner] -= side.astray.T
    starts = np.concatenate([np.zeros_like(ends[:, :1]), ends[:, :-1]], axis=1)
    between: Counts = ends[None, :] - starts[:, None]
    return between


def _nearest(term: Term, before: Box, now: Box) -> Floats:
    """Return the least value of a term over boxes of shares: 0 where they meet."""
    return term(before[1], np.maximum(before[1], now[0])) + term(np.maximum(before[0], now[1]), now[1])


def _farthest(term: Term, before: Box, now: Box) -> Floats:
    """Return the greatest value of a term over boxes of shares."""
    return np.maximum(term(before[0], now[1]), term(before[1], now[0]))


def _greatest(worth: Floats) -> Floats:
    """Return the greatest sum along the chain of bins, (n_groups,), of what each is worth with either end of its borders.

    `worth` is (n, m, n, m, n_bins, n_groups): the states of both sides at the first border, then those at the last one.
    """
    best = np.full((*worth.shape[:2], worth.shape[-1]), -np.inf)
    best[0, 0] = 0.0
    for bin_ in np.moveaxis(worth, -2, 0):
        best = (best[:, :, None, None] + bin_).max(axis=(0, 1))
    greatest: Floats = best.max(axis=(0, 1))
    return greatest

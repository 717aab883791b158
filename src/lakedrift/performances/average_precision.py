"""Average precision: the mean over the rows with the event of the precision at their score, Σ (R_i - R_{i-1}) P_i.

Of a cell with several scores, the rows may be in any order. A row with the event has at its score at least the rows of higher
cells and itself, and at most all of its own cell: that gives the bounds. The variance is by the delta method, of the counts of
cells as if all rows of one had one score.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Chances, Performance, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Chances) -> Floats:
    """Return the mean, (n,), as if all rows of a cell had one score; NaN where no row had the event."""
    came, found, false, _ = _parts(side)
    return _mean(came, over(found, found + false))


def bounds(side: Chances) -> tuple[Floats, Floats]:
    """Return between what it lies, (n,) each."""
    came, found, false, before = _parts(side)
    several = side.low < side.high
    least, most = found - came + 1, over(found, found + before)
    lower = np.where(several, over(least, least + false), over(found, found + false))
    return _mean(came, lower), _mean(came, np.where(several, most, over(found, found + false)))


def variance(side: Chances) -> Floats:
    """Return the variance, (n,): from what one more row of a cell, with the event or without, would change."""
    came, found, false, _ = _parts(side)
    events = came.sum(axis=1, keepdims=True)
    precision = over(found, found + false)
    mean = _mean(came, precision)[:, np.newaxis]
    rises, falls = (np.nan_to_num(over(came * part, (found + false) ** 2)).cumsum(axis=1) for part in (false, found))
    with_event = np.nan_to_num(precision) - mean + rises
    return over((came * with_event**2 + side.without * falls**2).sum(axis=1), events[:, 0] ** 2)


def _mean(came: Floats, precision: Floats) -> Floats:
    return over(np.where(came > 0, came * precision, 0.0).sum(axis=1), came.sum(axis=1))


def _parts(side: Chances) -> tuple[Floats, Floats, Floats, Floats]:
    """Return by cell the rows with the event, those of it and above, those without of it and above, and those above only."""
    found, false = (np.cumsum(part[:, ::-1], axis=1)[:, ::-1] for part in (side.came, side.without))
    return side.came, found, false, false - side.without


PERFORMANCE = Performance(Chances, statistic, bounds, variance, binary=True)

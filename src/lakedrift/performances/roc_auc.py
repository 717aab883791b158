"""Area under the ROC curve: the probability that of one row with the event and one without the first has the higher score.

Scores that are equal count half. Rows of a cell with several scores may be in any order: that gives the bounds. The variance is
that of E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson (1988).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Chances, Performance, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Chances) -> Floats:
    """Return the area, (n,), as if all rows of a cell had one score; NaN where all rows or none had the event."""
    without, came, below = _parts(side)
    return over((came * (below + without / 2)).sum(axis=1), without.sum(axis=1) * came.sum(axis=1))


def bounds(side: Chances) -> tuple[Floats, Floats]:
    """Return between what it lies, (n,) each."""
    without, came, _ = _parts(side)
    several = side.low < side.high
    unsure = over((came * without * several).sum(axis=1), 2 * without.sum(axis=1) * came.sum(axis=1))
    middle = statistic(side)
    return np.maximum(middle - unsure, 0.0), np.minimum(middle + unsure, 1.0)


def variance(side: Chances) -> Floats:
    """Return the variance, (n,): from the share of the other rows that each row is on the right side of."""
    without, came, below = _parts(side)
    n, m = without.sum(axis=1, keepdims=True), came.sum(axis=1, keepdims=True)
    area = statistic(side)[:, np.newaxis]
    above = m - np.cumsum(came, axis=1) + came / 2
    of_came = over((came * (over(below + without / 2, n) - area) ** 2).sum(axis=1), m[:, 0] ** 2)
    return of_came + over((without * (over(above, m) - area) ** 2).sum(axis=1), n[:, 0] ** 2)


def _parts(side: Chances) -> tuple[Floats, Floats, Floats]:
    """Return rows without and with the event by cell, and those without in all cells below, (n, n_cells) each."""
    return side.without, side.came, np.cumsum(side.without, axis=1) - side.without


PERFORMANCE = Performance(Chances, statistic, bounds, variance, binary=True)

"""Brier score: the mean square of what came true, 0 or 1, less its probability.

The scores of a cell are known between its ends, and with them the square (G. W. Brier, 1950).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Chances, Performance, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Chances) -> Floats:
    """Return the score, (n,): the middle of its bounds."""
    lower, upper = bounds(side)
    return (lower + upper) / 2


def bounds(side: Chances) -> tuple[Floats, Floats]:
    """Return between what it lies, (n,) each."""
    lower, upper = (over((side.counts * squares).sum(axis=(1, 2)), side.rows) for squares in _squares(side))
    return lower, upper


def variance(side: Chances) -> Floats:
    """Return the variance of the mean, (n,)."""
    least, most = _squares(side)
    apart = (least + most) / 2 - statistic(side)[:, np.newaxis, np.newaxis]
    return over((side.counts * apart**2).sum(axis=(1, 2)), side.rows.astype(np.float64) ** 2)


def _squares(side: Chances) -> tuple[Floats, Floats]:
    """Return the least and the greatest square of rows in each cell whose event did not come, and came, (n_cells, 2)."""
    least = np.stack([side.low**2, (1.0 - side.high) ** 2], axis=1)
    return least, np.stack([side.high**2, (1.0 - side.low) ** 2], axis=1)


PERFORMANCE = Performance(Chances, statistic, bounds, variance, higher_is_better=False, relative=True, binary=True)

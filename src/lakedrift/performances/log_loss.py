"""Log loss: the mean of -ln of the probability that was given to what came true, scores of 0 and 1 moved in by 2.2e-16.

The scores of a cell are known between its ends, and with them the loss.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Chances, Performance, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]

LEAST = np.finfo(np.float64).eps


def statistic(side: Chances) -> Floats:
    """Return the loss, (n,): the middle of its bounds."""
    lower, upper = bounds(side)
    return (lower + upper) / 2


def bounds(side: Chances) -> tuple[Floats, Floats]:
    """Return between what it lies, (n,) each."""
    lower, upper = (over((side.counts * losses).sum(axis=(1, 2)), side.rows) for losses in _losses(side))
    return lower, upper


def variance(side: Chances) -> Floats:
    """Return the variance of the mean, (n,)."""
    least, most = _losses(side)
    apart = (least + most) / 2 - statistic(side)[:, np.newaxis, np.newaxis]
    return over((side.counts * apart**2).sum(axis=(1, 2)), side.rows.astype(np.float64) ** 2)


def _losses(side: Chances) -> tuple[Floats, Floats]:
    """Return the least and the greatest loss of rows in each cell whose event did not come, and came, (n_cells, 2)."""
    low, high = (np.clip(ends, LEAST, 1.0 - LEAST) for ends in (side.low, side.high))
    least = np.stack([-np.log1p(-low), -np.log(high)], axis=1)
    return least, np.stack([-np.log1p(-high), -np.log(low)], axis=1)


PERFORMANCE = Performance(
    Chances, statistic, bounds, variance, higher_is_better=False, relative=True, binary=True, range=(0.0, np.inf)
)

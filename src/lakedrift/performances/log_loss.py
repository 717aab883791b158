"""Log loss: the mean of -ln of the probability that was given to what came true, scores of 0 and 1 moved in by 2.2e-16.

The scores of a cell are known between its ends, and with them the loss.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Chances, Performance

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]

LEAST = np.finfo(np.float64).eps


def statistic(side: Chances) -> Floats:
    """Return the loss, (n,): the middle of its bounds."""
    lower, upper = bounds(side)
    return (lower + upper) / 2


def bounds(side: Chances) -> tuple[Floats, Floats]:
    """Return between what it lies, (n,) each."""
    return side.mean(*_losses(side))


def variance(side: Chances) -> Floats:
    """Return the variance of the mean, (n,)."""
    return side.mean_variance(*_losses(side))


def _losses(side: Chances) -> tuple[Floats, Floats]:
    """Return the least and the greatest loss of rows in each cell whose event did not come, and came, (2, n_cells)."""
    low, high = (np.clip(ends, LEAST, 1.0 - LEAST) for ends in (side.low, side.high))
    return np.stack([-np.log1p(-low), -np.log(high)]), np.stack([-np.log1p(-high), -np.log(low)])


PERFORMANCE = Performance(
    Chances, statistic, bounds, variance, higher_is_better=False, relative=True, binary=True, range=(0.0, np.inf)
)

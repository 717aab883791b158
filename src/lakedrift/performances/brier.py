"""Brier score: the mean square of what came true, 0 or 1, less its probability.

The scores of a cell are known between its ends, and with them the square (G. W. Brier, 1950).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Chances, Performance

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Chances) -> Floats:
    """Return the score, (n,): the middle of its bounds."""
    lower, upper = bounds(side)
    return (lower + upper) / 2


def bounds(side: Chances) -> tuple[Floats, Floats]:
    """Return between what it lies, (n,) each."""
    return side.mean(*_squares(side))


def variance(side: Chances) -> Floats:
    """Return the variance of the mean, (n,)."""
    return side.mean_variance(*_squares(side))


def _squares(side: Chances) -> tuple[Floats, Floats]:
    """Return the least and the greatest square of rows in each cell whose event did not come, and came, (2, n_cells)."""
    return np.stack([side.low**2, (1.0 - side.high) ** 2]), np.stack([side.high**2, (1.0 - side.low) ** 2])


PERFORMANCE = Performance(Chances, statistic, bounds, variance, higher_is_better=False, relative=True, binary=True)

"""Overconfidence: the mean score less the share of events; negative where the model is too cautious."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Chances, Performance

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Chances) -> Floats:
    """Return the difference, (n,): the middle of its bounds."""
    lower, upper = bounds(side)
    return (lower + upper) / 2


def bounds(side: Chances) -> tuple[Floats, Floats]:
    """Return between what it lies, (n,) each."""
    return side.mean(*_surpluses(side))


def variance(side: Chances) -> Floats:
    """Return the variance of the mean, (n,)."""
    return side.mean_variance(*_surpluses(side))


def _surpluses(side: Chances) -> tuple[Floats, Floats]:
    """Return the least and the greatest score less the event, 0 or 1, of rows in each cell, (2, n_cells)."""
    return np.stack([side.low, side.low - 1.0]), np.stack([side.high, side.high - 1.0])


PERFORMANCE = Performance(Chances, statistic, bounds, variance, higher_is_better=None, range=(-1.0, 1.0))

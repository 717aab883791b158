"""Mean absolute error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Performance, Residuals, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Residuals) -> Floats:
    """Return the mean, (n,)."""
    return over(side.size, side.rows)


def variance(side: Residuals) -> Floats:
    """Return the variance of the mean, (n,)."""
    return side.mean_variance(side.size)


PERFORMANCE = Performance(Residuals, statistic, variance=variance, higher_is_better=False, relative=True, range=(0.0, np.inf))

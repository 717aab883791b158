"""R²: the share of the variance of the labels that predictions account for, 1 - Σ e² / Σ (y - mean)².

It is below 0 where the mean of the labels would be the better prediction. Its variance is by the delta method: with q = 1 - R²
and z the label less the mean, R² changes by (q z² - e²) / Σ z² with the weight of a row, the mean of labels being where Σ z²
is least, and the variance is the sum of the squares of that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Performance, Residuals, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Residuals) -> Floats:
    """Return the share, (n,); NaN where all labels are the same."""
    return 1.0 - over(side.square, _squares(side))


def variance(side: Residuals) -> Floats:
    """Return the variance of the share, (n,)."""
    e4, e2y, e2y2, y3, y4 = side.fourths
    mean = over(side.label, side.rows)
    squares = _squares(side)
    left = over(side.square, squares)
    e2z2 = e2y2 - 2 * mean * e2y + mean**2 * side.square
    z4 = y4 - 4 * mean * y3 + 6 * mean**2 * side.label_square - 4 * mean**3 * side.label + mean**4 * side.rows
    return over(np.maximum(e4 - 2 * left * e2z2 + left**2 * z4, 0.0), squares**2)


def _squares(side: Residuals) -> Floats:
    """Return Σ z², (n,)."""
    return side.label_square - side.label * over(side.label, side.rows)


PERFORMANCE = Performance(Residuals, statistic, variance=variance, range=(-np.inf, 1.0))

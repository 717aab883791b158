"""R²: the share of the variance of the labels that predictions account for, 1 - Σ e² / Σ (y - mean)².

It is below 0 where the mean of the labels would be the better prediction.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Performance, Residuals, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Residuals) -> Floats:
    """Return the share, (n,); NaN where all labels are the same."""
    return 1.0 - over(side.square, side.label_square - side.label * over(side.label, side.rows))


PERFORMANCE = Performance(Residuals, statistic, range=(-np.inf, 1.0))

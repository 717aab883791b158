"""Root mean square error, the root of m = Σ e² / n.

Its variance is by the delta method: that of m, a mean of squares, is (Σ e⁴ / n - m²) / n, and that of the root 1 / (4 m) of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Performance, Residuals, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Residuals) -> Floats:
    """Return the root, (n,)."""
    return np.sqrt(over(side.square, side.rows))


def variance(side: Residuals) -> Floats:
    """Return the variance of the root, (n,)."""
    mean = over(side.square, side.rows)
    return over(np.maximum(over(side.fourths[0], side.rows) - mean**2, 0.0), 4.0 * mean * side.rows)


PERFORMANCE = Performance(Residuals, statistic, variance=variance, higher_is_better=False, relative=True, range=(0.0, np.inf))

"""Root mean square error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Performance, Residuals, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Residuals) -> Floats:
    """Return the root, (n,)."""
    return np.sqrt(over(side.square, side.rows))


PERFORMANCE = Performance(Residuals, statistic, higher_is_better=False, relative=True, range=(0.0, np.inf))

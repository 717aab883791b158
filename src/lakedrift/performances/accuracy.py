"""Accuracy: the share of predictions that are right; of more than two classes also the micro mean of precision, recall and F1.

Its variance is that of a share, a (1 - a) / n.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Decisions, Performance, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Decisions) -> Floats:
    """Return the share, (n,)."""
    return over(side.right, side.rows)


def variance(side: Decisions) -> Floats:
    """Return the variance of the share, (n,)."""
    return over(side.right * over(side.wrong, side.rows), side.rows.astype(np.float64) ** 2)


PERFORMANCE = Performance(Decisions, statistic, variance=variance)

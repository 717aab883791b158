"""Precision: the share of what is predicted positive that is; of more than two classes the mean over all that occur.

A class that is never predicted counts as 0 in the mean; alone it has no precision.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Decisions, Performance

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Decisions) -> Floats:
    """Return the precision, (n,)."""
    return side.share(side.hits[0])


def variance(side: Decisions) -> Floats:
    """Return its variance, (n,)."""
    return side.share_variance(side.hits[0])


PERFORMANCE = Performance(Decisions, statistic, variance=variance)

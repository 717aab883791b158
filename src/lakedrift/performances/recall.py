"""Recall: the share of what is positive that is predicted so; of more than two classes the mean over all that occur.

A class that no row has counts as 0 in the mean; alone it has no recall.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Decisions, Performance

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Decisions) -> Floats:
    """Return the recall, (n,)."""
    return side.share(side.hits[1])


def variance(side: Decisions) -> Floats:
    """Return its variance, (n,)."""
    return side.share_variance(side.hits[1])


PERFORMANCE = Performance(Decisions, statistic, variance=variance)

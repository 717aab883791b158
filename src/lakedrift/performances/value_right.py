"""The share of the value of all rows that was decided right.

What the rows of each pair of classes are worth, label by prediction, is told besides.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Decisions, Performance, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]
FEW = 10


def statistic(side: Decisions) -> Floats:
    """Return the share, (n,); NaN without a column of values."""
    if side.worth is None:
        return np.full(len(side.right), np.nan)
    return over(np.diagonal(side.worth, axis1=1, axis2=2).sum(axis=1), side.worth.sum(axis=(1, 2)))


def told(side: Decisions) -> dict[str, Any]:
    """Return the sums of values of a few classes, label by prediction."""
    few = side.worth is not None and side.worth.shape[1] <= FEW
    return {"worth": side.worth[0].tolist()} if few and side.worth is not None else {}


PERFORMANCE = Performance(Decisions, statistic, range=(-math.inf, math.inf), told=told)

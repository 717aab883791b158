"""Precision: the share of what is predicted positive that is; of more than two classes the mean over all that occur.

A class that is never predicted counts as 0 in the mean; alone it has no precision.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Decisions, Performance, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Decisions) -> Floats:
    """Return the precision, (n,)."""
    predicted, labelled, right = side.hits
    if side.positive is not None:
        return over(right, predicted)[:, 0]
    return over(np.nan_to_num(over(right, predicted)).sum(axis=1), (predicted + labelled > 0).sum(axis=1))


def variance(side: Decisions) -> Floats:
    """Return the variance, (n,): of shares p of n each, p (1 - p) / n, and of their mean."""
    predicted, labelled, right = side.hits
    each = np.nan_to_num(over(right * over(predicted - right, predicted), predicted.astype(np.float64) ** 2))
    return over(each.sum(axis=1), (predicted + labelled > 0).sum(axis=1).astype(np.float64) ** 2)


PERFORMANCE = Performance(Decisions, statistic, variance=variance)

"""F1: the harmonic mean of precision and recall, 2 TP / (2 TP + FP + FN).

Of more than two classes it is the mean over all that occur.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Decisions, Performance, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Decisions) -> Floats:
    """Return the F1, (n,)."""
    predicted, labelled, right = side.hits
    each = over(2 * right, predicted + labelled)
    return over(np.nansum(each, axis=1), (~np.isnan(each)).sum(axis=1))


def variance(side: Decisions) -> Floats:
    """Return the variance by the delta method, (n,).

    With u = 2 TP + FP + FN of a class, a row that is right adds 2 (u - 2 TP) / u², and a wrong one takes 2 TP / u² from the F1
    of both its classes.
    """
    if side.counts is None:
        return np.full(len(side.right), np.nan)
    predicted, labelled, right = replace(side, positive=None).hits
    total = (predicted + labelled).astype(np.float64)
    gain, cost = (np.nan_to_num(over(part, total**2)) for part in (2 * (total - 2 * right), 2 * right))
    classes = (total > 0).sum(axis=1)
    if side.positive is not None:
        others = np.arange(total.shape[1]) != side.positive
        gain[:, others] = cost[:, others] = 0.0
        classes = total[:, side.positive] > 0
    slopes = -(cost[:, :, np.newaxis] + cost[:, np.newaxis, :])
    at = np.arange(total.shape[1])
    slopes[:, at, at] = gain
    return over((side.counts * slopes**2).sum(axis=(1, 2)), np.asarray(classes, np.float64) ** 2)


PERFORMANCE = Performance(Decisions, statistic, variance=variance)

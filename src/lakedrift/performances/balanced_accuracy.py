"""Balanced accuracy: the mean over the classes that rows have, two or more, of the share of each that is predicted right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Decisions, Performance, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Decisions) -> Floats:
    """Return the mean of the recalls, (n,)."""
    labelled, right = _of_all(side)
    return over(np.nan_to_num(over(right, labelled)).sum(axis=1), (labelled > 0).sum(axis=1))


def variance(side: Decisions) -> Floats:
    """Return the variance, (n,): of shares p of n each, p (1 - p) / n, and of their mean."""
    labelled, right = _of_all(side)
    each = np.nan_to_num(over(right * over(labelled - right, labelled), labelled.astype(np.float64) ** 2))
    return over(each.sum(axis=1), (labelled > 0).sum(axis=1).astype(np.float64) ** 2)


def _of_all(side: Decisions) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    _, labelled, right = replace(side, positive=None).hits
    return labelled, right


PERFORMANCE = Performance(Decisions, statistic, variance=variance)

"""Overconfidence: the mean score less the share of events; negative where the model is too cautious."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Chances, Performance, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]


def statistic(side: Chances) -> Floats:
    """Return the difference, (n,): the middle of its bounds."""
    lower, upper = bounds(side)
    return (lower + upper) / 2


def bounds(side: Chances) -> tuple[Floats, Floats]:
    """Return between what it lies, (n,) each."""
    rows = side.counts.sum(axis=2)
    came = side.counts[:, :, 1].sum(axis=1)
    lower, upper = (over((rows * ends).sum(axis=1) - came, side.rows) for ends in (side.low, side.high))
    return lower, upper


def variance(side: Chances) -> Floats:
    """Return the variance of the mean of scores less events, (n,)."""
    middle = (side.low + side.high) / 2
    apart = np.stack([middle, middle - 1.0], axis=1) - statistic(side)[:, np.newaxis, np.newaxis]
    return over((side.counts * apart**2).sum(axis=(1, 2)), side.rows.astype(np.float64) ** 2)


PERFORMANCE = Performance(Chances, statistic, bounds, variance, higher_is_better=None, range=(-1.0, 1.0))

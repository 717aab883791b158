"""Expected calibration error: how far the share of events is from the mean score, in the mean over ten bins of scores.

Bins are of width 0.1, and a cell that holds several scores is in that of its least one (M. P. Naeini, G. F. Cooper and
M. Hauskrecht, 2015). The reliability curve is told besides.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakedrift.performance import Chances, Performance, over

__all__ = ["PERFORMANCE"]

Floats = NDArray[np.float64]

EDGES = np.linspace(0.0, 1.0, 11)


def statistic(side: Chances) -> Floats:
    """Return the error, (n,)."""
    rows, came, low, high = _bins(side)
    return over(np.abs(came - (low + high) / 2).sum(axis=1), rows.sum(axis=1))


def bounds(side: Chances) -> tuple[Floats, Floats]:
    """Return between what it lies, (n,) each: the sum of the scores of a bin is known between two numbers."""
    rows, came, low, high = _bins(side)
    least = np.maximum(np.maximum(came - high, low - came), 0.0).sum(axis=1)
    most = np.maximum(np.abs(came - low), np.abs(came - high)).sum(axis=1)
    return over(least, rows.sum(axis=1)), over(most, rows.sum(axis=1))


def told(side: Chances) -> dict[str, Any]:
    """Return the reliability curve: of each bin with rows how many they are, their mean score, and the share of events."""
    rows, came, low, high = (part[0] for part in _bins(side))
    held = rows > 0
    numbers = (rows[held].astype(np.int64), over(low + high, 2 * rows)[held], over(came, rows)[held])
    return {"curve": dict(zip(("rows", "score", "share"), (part.tolist() for part in numbers), strict=True))}


def _bins(side: Chances) -> tuple[Floats, Floats, Floats, Floats]:
    """Return rows, events, and between what the sum of scores lies, (n, 10) each."""
    ends = [0, *np.searchsorted(side.low, EDGES[1:-1], side="right").tolist(), len(side.low)]
    rows = side.without + side.came
    parts = rows, side.came, rows * side.low, rows * side.high
    whole, came, low, high = (
        np.stack([part[:, a:b].sum(axis=1) for a, b in itertools.pairwise(ends)], axis=1) for part in parts
    )
    return whole, came, low, high


PERFORMANCE = Performance(Chances, statistic, bounds, higher_is_better=False, told=told)

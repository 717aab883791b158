"""What two samples of raw values say, however large their numbers: compared as integers and fractions, never as rounded doubles."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

__all__ = ["count_between", "ks"]


def ks(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> Fraction:
    """Return the Kolmogorov-Smirnov distance of two samples of one type."""
    assert x.dtype == y.dtype
    at = np.concatenate([x, y])
    below = (np.searchsorted(np.sort(side), at, side="right") for side in (x, y))
    farthest = max(abs(one * len(y) - other * len(x)) for one, other in zip(*(side.tolist() for side in below), strict=True))
    return Fraction(farthest, len(x) * len(y))


def count_between(values: Sequence[Any], edges: Sequence[float]) -> list[int]:
    """Count values in [-inf, edges[0]), [edges[0], edges[1]) … [edges[-1], inf], as Python compares integers and floats: exactly."""
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[bisect_right(edges, value)] += 1
    return counts

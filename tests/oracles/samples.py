"""What two samples of raw values say, however large their numbers: in integers and fractions, never in rounded doubles."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

__all__ = ["ks"]


def ks(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> Fraction:
    """Return the Kolmogorov-Smirnov distance of two samples of one type."""
    assert x.dtype == y.dtype
    at = np.concatenate([x, y])
    below = (np.searchsorted(np.sort(side), at, side="right") for side in (x, y))
    farthest = max(abs(one * len(y) - other * len(x)) for one, other in zip(*(side.tolist() for side in below), strict=True))
    return Fraction(farthest, len(x) * len(y))

"""Whole units of a column: how its values become integers, whose sums and products are exact."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_EXPONENT", "Unit", "fit_unit"]

SPREAD_BITS = 20  # the central values of a sample span so many bits of units, or one fewer,
RANGE_BITS = 36  # and all of them no more than so many: 2**40 units fit
CENTRAL = 1 << 10  # of so many values one lies below the central ones, and one above
MOST_EXPONENT = 1000


@dataclass(frozen=True, slots=True)
class Unit:
    """A value x is round((x - centre) * scale) units; the scale is a power of two, so that only two steps round."""

    centre: float
    scale: float

    def origin(self, dtype: np.dtype[Any]) -> int | None:
        """Return the centre as an integer of this type, from which distances are exact; None where it is none."""
        limits = np.iinfo(dtype)
        return int(self.centre) if self.centre.is_integer() and limits.min <= self.centre <= limits.max else None


def fit_unit(values: NDArray[Any]) -> Unit:
    """Return the unit that suits a sample of valid values (n,), no NaN, of any integer or floating type; n may be 0.

    The centre is a value of the middle. The central values are spread over 2**20 units, so that a value is rounded by a
    millionth of their spread; where others lie very far outside, which then decide every sum, the unit is greater. Whole
    numbers need no unit finer than one.
    """
    ordered = np.sort(values.astype(np.float64))
    finite = ordered[np.isfinite(ordered)]
    if not len(finite):
        return Unit(0.0, 1.0)
    trim, whole = len(finite) // CENTRAL, values.dtype.kind in "iu"
    central, all_of_it = _spread(finite[trim : len(finite) - trim]), _spread(finite)
    centre = float(finite[len(finite) // 2]) + 0.0
    if whole and centre > np.iinfo(values.dtype).max:
        centre = math.nextafter(centre, 0.0)  # the nearest double was beyond the type
    spread = max(central, math.ldexp(all_of_it, SPREAD_BITS - RANGE_BITS)) or abs(centre) * 2.0**-SPREAD_BITS
    return Unit(centre, _scale(spread, whole=whole))


def _spread(ascending: NDArray[np.float64]) -> float:
    """Return greatest less least value, or the largest double where that is beyond it."""
    return min(float(ascending[-1] / 2 - ascending[0] / 2), 2.0**1022) * 2


def _scale(spread: float, *, whole: bool) -> float:
    if spread == 0.0:
        return 1.0
    exponent = SPREAD_BITS - math.frexp(min(spread, 1e308))[1]
    return math.ldexp(1.0, max(-MOST_EXPONENT, min(0 if whole else MOST_EXPONENT, exponent)))

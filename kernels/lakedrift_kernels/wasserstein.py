"""The Wasserstein distance of order one between two counted samples, between proved bounds.

g groups of c ordered cells on a line; W1 is the integral of |F - G| over it, F and G the cumulative shares of the two sides
(L. N. Vaserstein, 1969; the form is S. S. Vallender's, 1974).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import inner, kernel
from lakedrift_kernels.counts import rows_of

__all__ = ["bounds"]


@kernel
def bounds(
    reference: NDArray[np.int64],
    current: NDArray[np.int64],
    edges: NDArray[np.float64],
    single: NDArray[np.bool_],
    lower: NDArray[np.float64],
    estimate: NDArray[np.float64],
    upper: NDArray[np.float64],
) -> None:
    """Write lower <= estimate <= upper, each (g,), in units of the edges and in [0, inf]; NaN where a side is empty.

    `reference` and `current` are (g, c) counts. Cell i holds values in [edges[i], edges[i + 1]), or only the value edges[i]
    if it is `single`, with `single` (c,) and `edges` (c + 1,) ascending, where the first may be -inf and the last inf.
    The bounds hold for all values the cells can hold, up to the rounding of the sum; the estimate spreads the mass of a cell
    evenly. All three are equal where no cell that is not single holds mass.
    """
    for g in range(reference.shape[0]):
        if rows_of(reference[g]) > 0 and rows_of(current[g]) > 0:
            low, middle, high = _bounds_of_group(reference[g], current[g], edges, single)
            lower[g] = low
            estimate[g] = middle
            upper[g] = high
        else:
            lower[g] = np.nan
            estimate[g] = np.nan
            upper[g] = np.nan


@inner
def _bounds_of_group(
    reference: NDArray[np.int64], current: NDArray[np.int64], edges: NDArray[np.float64], single: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """Return the bounds and the estimate of one group.

    Across a cell that holds shares f and h, D = F - G goes from d0 to d1 = d0 + f - h, gaining at most f and losing at most h:
    d0 - h <= D <= d0 + f. So |D| is at most the larger of the two ends' sizes, which it reaches throughout the cell when one
    side's mass lies at its start and the other's at its end, and at least the smaller unless zero lies between them.
    In a single cell the mass lies at the start: D = d1 all across. Rounding being monotone, low <= middle <= high as computed.
    """
    n = rows_of(reference)
    m = rows_of(current)
    c1 = 0
    c2 = 0
    low = 0.0
    middle = 0.0
    high = 0.0
    p = 0.0
    q = 0.0
    for i in range(reference.size):
        c1 += reference[i]
        c2 += current[i]
        next_p = c1 / n
        next_q = c2 / m
        start = p - q
        most = next_p - q
        least = p - next_q
        end = next_p - next_q
        p = next_p
        q = next_q
        if single[i]:
            start = most = least = end
        # Two finite doubles may be farther apart than the largest double, but not half as far.
        half_width = 0.5 * float(edges[i + 1]) - 0.5 * float(edges[i])
        low += _area(half_width, max(0.0, least, -most))
        middle += _area(half_width, _mean_size(start, end))
        high += _area(half_width, max(abs(least), abs(most)))
    return 2.0 * low, 2.0 * middle, 2.0 * high


@inner
def _area(width: float, height: float) -> float:
    """Return width times height: zero if either is, or if both ends of the width are the same infinity (a NaN)."""
    return width * height if width > 0.0 and height > 0.0 else 0.0


@inner
def _mean_size(start: float, end: float) -> float:
    """Return the mean of |D| over a stretch where D goes evenly from `start` to `end`."""
    if start * end >= 0.0:
        return 0.5 * abs(start + end)
    return 0.5 * (start * start + end * end) / (abs(start) + abs(end))

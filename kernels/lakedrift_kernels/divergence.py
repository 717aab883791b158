"""Divergences between two sets of bin counts.

g groups of b bins. `reference` and `current` are (g, b) counts, `out` is (g,), NaN where a side of the group is empty.
p and q are the shares of a bin on the two sides. Swapping the sides changes no bit; counts in the same proportions give 0.0
(for `psi`, which smooths them: the same counts), since equal quotients are rounded equally.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import inner, kernel
from lakedrift_kernels.counts import rows_of

__all__ = ["jensen_shannon", "psi", "total_variation"]

FOUR_LN2 = 4.0 * math.log(2.0)


@kernel
def psi(reference: NDArray[np.int64], current: NDArray[np.int64], out: NDArray[np.float64]) -> None:
    """Write the population stability index, sum (p - q) ln(p / q), in [0, inf).

    Shares are smoothed, (c + 1/2) / (n + B/2), where B bins of the group are nonempty on some side; the others are left out.
    The index is Jeffreys' divergence (H. Jeffreys, "An invariant form for the prior probability", 1946), the prior count of
    1/2 his as well.
    """
    for g in range(reference.shape[0]):
        n = rows_of(reference[g])
        m = rows_of(current[g])
        if n == 0 or m == 0:
            out[g] = np.nan
            continue
        nonempty = 0
        for b in range(reference.shape[1]):
            nonempty += reference[g, b] + current[g, b] > 0
        total = 0.0
        for b in range(reference.shape[1]):
            if reference[g, b] + current[g, b] > 0:
                p = (reference[g, b] + 0.5) / (n + 0.5 * nonempty)
                q = (current[g, b] + 0.5) / (m + 0.5 * nonempty)
                larger = max(p, q)
                smaller = min(p, q)
                total += (larger - smaller) * math.log(larger / smaller)
        out[g] = total


@kernel
def total_variation(reference: NDArray[np.int64], current: NDArray[np.int64], out: NDArray[np.float64]) -> None:
    """Write the total variation distance, sum |p - q| / 2, in [0, 1]."""
    for g in range(reference.shape[0]):
        n = rows_of(reference[g])
        m = rows_of(current[g])
        if n == 0 or m == 0:
            out[g] = np.nan
            continue
        total = 0.0
        for b in range(reference.shape[1]):
            total += abs(reference[g, b] / n - current[g, b] / m)
        out[g] = min(0.5 * total, 1.0)


@kernel
def jensen_shannon(reference: NDArray[np.int64], current: NDArray[np.int64], out: NDArray[np.float64]) -> None:
    """Write the Jensen-Shannon divergence in bits, in [0, 1].

    The mean of the Kullback-Leibler divergences of p and q from their mean (J. Lin, "Divergence measures based on the Shannon
    entropy", 1991). Its square root is the Jensen-Shannon distance.
    """
    for g in range(reference.shape[0]):
        n = rows_of(reference[g])
        m = rows_of(current[g])
        if n == 0 or m == 0:
            out[g] = np.nan
            continue
        total = 0.0
        for b in range(reference.shape[1]):
            total += _divergence_from_mean(reference[g, b] / n, current[g, b] / m)
        out[g] = min(total, 1.0)


@inner
def _divergence_from_mean(p: float, q: float) -> float:
    """Return (p log2(2p / (p + q)) + q log2(2q / (p + q))) / 2, which is never negative.

    With p, q = (1 ± r)(p + q)/2 the bracket is (p + q)/2 times (1 + r) ln(1 + r) + (1 - r) ln(1 - r), over ln 2, equal to
    ln(1 - r²) + 2 r atanh(r). For small r the first form loses r² in r - r; the second is 2r² - r², at full precision.
    """
    larger = max(p, q)
    smaller = min(p, q)
    both = larger + smaller
    if smaller == 0.0:
        return 0.5 * larger
    r = (larger - smaller) / both
    if r < 0.5:
        return both * (math.log1p(-r * r) + 2.0 * r * math.atanh(r)) / FOUR_LN2
    return 0.5 * (larger * math.log2(2.0 * larger / both) + smaller * math.log2(2.0 * smaller / both))

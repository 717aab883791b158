"""Chi-square statistics of contingency tables with two rows, reference and current.

g groups of b bins. A statistic is NaN where a side of the group is empty, and exactly 0.0 where both have the same shares.
With p and q rounded, the relative error of a statistic X² is about 1e-16 sqrt(rows / X²): 1e-12 at X² = 1 and 1e8 rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel
from lakedrift_kernels.counts import rows_of

__all__ = ["chi_square", "join_rare", "two_shares"]


@kernel
def chi_square(
    reference: NDArray[np.int64],
    current: NDArray[np.int64],
    statistic: NDArray[np.float64],
    dof: NDArray[np.int64],
) -> None:
    """Write Pearson's chi-square of homogeneity and its degrees of freedom, both (g,), of the counts (g, b).

    Bins empty on both sides are left out; of the B others dof = max(B - 1, 0). No continuity correction (K. Pearson, 1900).

    Row sums n, m and column sum t = r + c give residuals of ±(r m - c n) / (n + m) = ±n m (p - q) / (n + m) in both rows,
    so that the sum of residual² / expected over the table is n m sum (p - q)² / t.
    """
    for g in range(reference.shape[0]):
        n = rows_of(reference[g])
        m = rows_of(current[g])
        nonempty = 0
        total = 0.0
        for b in range(reference.shape[1]):
            both = reference[g, b] + current[g, b]
            if both > 0:
                nonempty += 1
                if n > 0 and m > 0:
                    gap = reference[g, b] / n - current[g, b] / m
                    total += gap * gap / both
        dof[g] = max(nonempty - 1, 0)
        statistic[g] = total * (float(n) * float(m)) if n > 0 and m > 0 else np.nan


@kernel
def two_shares(
    reference_hits: NDArray[np.int64],
    reference_n: NDArray[np.int64],
    current_hits: NDArray[np.int64],
    current_n: NDArray[np.int64],
    statistic: NDArray[np.float64],
) -> None:
    """Write the chi-square with one degree of freedom of two shares, hits of n, all arrays (g,).

    With Yates' continuity correction (F. Yates, "Contingency tables involving small numbers and the χ² test", 1934), never
    beyond zero: (|p - q| - (1/n + 1/m) / 2)² / (s (1 - s) (1/n + 1/m)), where s is the share of both sides together.
    0.0 where all rows are hits, or none is.
    """
    for g in range(reference_n.shape[0]):
        n = reference_n[g]
        m = current_n[g]
        hits = reference_hits[g] + current_hits[g]
        misses = n + m - hits
        if n == 0 or m == 0:
            statistic[g] = np.nan
        elif hits == 0 or misses == 0:
            statistic[g] = 0.0
        else:
            r = reference_hits[g]
            c = current_hits[g]
            if hits > misses:  # the shares of the rarer outcome differ by the same, and keep more digits of it
                r = n - r
                c = m - c
            spread = 1.0 / n + 1.0 / m
            gap = max(abs(r / n - c / m) - 0.5 * spread, 0.0)
            statistic[g] = gap * gap / ((hits / (n + m)) * (misses / (n + m)) * spread)


@kernel
def join_rare(
    reference: NDArray[np.int64],
    current: NDArray[np.int64],
    least: float,
    joined_reference: NDArray[np.int64],
    joined_current: NDArray[np.int64],
) -> None:
    """Write the counts (g, b) with the bins joined, one after the other, that are expected to have too few rows.

    Few are less than `least` on the smaller side. Each run of such bins is joined until it has as many; what is left at the end
    goes to the last of these, or to the smallest other bin. Which are joined depends on sums of both sides alone, so under no
    drift it does not tell the sides apart.
    """
    joined_reference[:] = 0
    joined_current[:] = 0
    for g in range(reference.shape[0]):
        n = rows_of(reference[g])
        m = rows_of(current[g])
        share = min(n, m) / max(n + m, 1)
        r = 0
        c = 0
        target = -1
        smallest = -1
        for b in range(reference.shape[1]):
            both = reference[g, b] + current[g, b]
            if both * share >= least:
                joined_reference[g, b] = reference[g, b]
                joined_current[g, b] = current[g, b]
                if smallest < 0 or both < reference[g, smallest] + current[g, smallest]:
                    smallest = b
                continue
            r += reference[g, b]
            c += current[g, b]
            if (r + c) * share >= least:
                target = b
                joined_reference[g, b] = r
                joined_current[g, b] = c
                r = 0
                c = 0
        if r + c > 0:
            if target < 0:
                target = smallest if smallest >= 0 else 0
            joined_reference[g, target] += r
            joined_current[g, target] += c

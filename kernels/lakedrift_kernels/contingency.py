"""Chi-square statistics of contingency tables with two rows, reference and current.

g groups of b bins. A statistic is NaN where a side of the group is empty, and exactly 0.0 where both have the same shares.
With p and q rounded, the relative error of a statistic X² is about 1e-16 sqrt(rows / X²): 1e-12 at X² = 1 and 1e8 rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift_kernels._jit import kernel

__all__ = ["chi_square", "two_shares"]


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
        n = reference[g].sum()
        m = current[g].sum()
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

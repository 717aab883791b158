"""Population stability index: Σ (q - p) ln(q / p) over bins of shares p and q.

The symmetric Kullback-Leibler divergence (H. Jeffreys, 1946) of shares smoothed by (c + 1/2) / (n + B/2), B the number of bins
that hold a row on either side, so that an empty bin counts as half a row and the index is finite. At least 0; 0.1 and 0.2 are
the customary limits. Under no change PSI n m / (n + m) is near chi-square with B - 1 degrees of freedom (B. Yurdakul, 2018);
the p-value is that of Pearson's chi-square on the same bins.
"""

from __future__ import annotations

import numpy as np

from lakedrift.contingency import homogeneity_pvalue, homogeneity_pvalues
from lakedrift.enclosing import enclosed
from lakedrift.metric import Bins, Floats, Metric
from lakedrift_kernels import divergence

__all__ = ["METRIC", "bounded", "statistic"]

PRIOR = 0.5


def statistic(reference: Bins, current: Bins) -> Floats:
    """Return the index, (n_groups,), in [0, inf)."""
    index = np.empty(len(reference.counts))
    divergence.psi(reference.counts, current.counts, index)
    return index


def bounded(reference: Bins, current: Bins) -> tuple[Floats, Floats, Floats]:
    """Return the index of the counts as they are, and the least and the greatest possible one, (n_groups,) each."""
    return enclosed(reference, current, statistic, _term, PRIOR)


def _term(p: Floats, q: Floats) -> Floats:
    larger, smaller = np.maximum(p, q), np.minimum(p, q)
    index: Floats = (larger - smaller) * np.log(larger / smaller)
    return index


METRIC = Metric(Bins, statistic, bounded, homogeneity_pvalue, pvalues=homogeneity_pvalues, symmetric=True)

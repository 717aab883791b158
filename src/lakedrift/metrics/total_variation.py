"""Total variation distance: half the sum of |p - q| over bins, the greatest difference in probability of any set of bins.

In [0, 1], symmetric; the share of rows that would have to change bins.
"""

from __future__ import annotations

import numpy as np

from lakedrift.contingency import homogeneity_pvalue, homogeneity_pvalues
from lakedrift.enclosing import enclosed
from lakedrift.metric import Bins, Floats, Metric
from lakedrift_kernels import divergence

__all__ = ["METRIC", "bounded", "statistic"]


def statistic(reference: Bins, current: Bins) -> Floats:
    """Return the distance, (n_groups,), in [0, 1]."""
    distance = np.empty(len(reference.counts))
    divergence.total_variation(reference.counts, current.counts, distance)
    return distance


def bounded(reference: Bins, current: Bins) -> tuple[Floats, Floats, Floats]:
    """Return the distance of the counts as they are, and the least and the greatest possible one, (n_groups,) each."""
    return enclosed(reference, current, statistic, _term, largest=1.0)


def _term(p: Floats, q: Floats) -> Floats:
    distance: Floats = 0.5 * np.abs(p - q)
    return distance


METRIC = Metric(Bins, statistic, bounded, homogeneity_pvalue, pvalues=homogeneity_pvalues, range=(0.0, 1.0), symmetric=True)

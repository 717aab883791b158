"""Total variation distance: half the sum of |p - q| over bins, the greatest difference in probability of any set of bins.

In [0, 1], symmetric; the share of rows that would have to change bins.
"""

from __future__ import annotations

import numpy as np

from lakedrift.contingency import homogeneity_pvalue
from lakedrift.metric import Bins, Floats, Metric
from lakedrift_kernels import divergence

__all__ = ["METRIC", "statistic"]


def statistic(reference: Bins, current: Bins) -> Floats:
    """Return the distance, (n_groups,), in [0, 1]."""
    distance = np.empty(len(reference.counts))
    divergence.total_variation(reference.counts, current.counts, distance)
    return distance


METRIC = Metric(view=Bins, statistic=statistic, pvalue=homogeneity_pvalue, range=(0.0, 1.0), symmetric=True)

"""Jensen-Shannon divergence in bits: the mean Kullback-Leibler divergence of both sides from their average (J. Lin, 1991).

In [0, 1], symmetric, on raw shares; its square root is a metric distance.
"""

from __future__ import annotations

import numpy as np

from lakedrift.contingency import homogeneity_pvalue
from lakedrift.metric import Bins, Floats, Metric
from lakedrift_kernels import divergence

__all__ = ["METRIC", "statistic"]


def statistic(reference: Bins, current: Bins) -> Floats:
    """Return the divergence, (n_groups,), in [0, 1]."""
    bits = np.empty(len(reference.counts))
    divergence.jensen_shannon(reference.counts, current.counts, bits)
    return bits


METRIC = Metric(view=Bins, statistic=statistic, pvalue=homogeneity_pvalue, range=(0.0, 1.0), symmetric=True)

"""Cramér's V of the two sides against the bins: sqrt(chi-square / (n + m)) (H. Cramér, 1946; the table has two rows).

In [0, 1], symmetric. It depends on the ratio of the sample sizes, so it informs and is not judged by default.
"""

from __future__ import annotations

import numpy as np

from lakedrift.contingency import homogeneity, homogeneity_pvalue
from lakedrift.metric import Bins, Floats, Metric

__all__ = ["METRIC", "statistic"]


def statistic(reference: Bins, current: Bins) -> Floats:
    """Return the association, (n_groups,), in [0, 1]."""
    rows = reference.counts.sum(axis=1) + current.counts.sum(axis=1)
    squared = homogeneity(reference, current)[0] / np.maximum(rows, 1)
    association: Floats = np.sqrt(np.minimum(squared, 1.0))
    return association


METRIC = Metric(view=Bins, statistic=statistic, pvalue=homogeneity_pvalue, range=(0.0, 1.0), symmetric=True)

"""Cramér's V of the two sides against the bins: sqrt(chi-square / (n + m)) (H. Cramér, 1946; the table has two rows).

In [0, 1], symmetric. It depends on the ratio of the sample sizes, so it informs and is not judged by default.
"""

from __future__ import annotations

import numpy as np

from lakedrift.contingency import homogeneity_bounds, homogeneity_pvalue, homogeneity_pvalues
from lakedrift.metric import Bins, Floats, Metric

__all__ = ["METRIC", "bounded", "statistic"]


def statistic(reference: Bins, current: Bins) -> Floats:
    """Return the association, (n_groups,), in [0, 1]."""
    return bounded(reference, current)[0]


def bounded(reference: Bins, current: Bins) -> tuple[Floats, Floats, Floats]:
    """Return the association of the counts as they are, and the least and the greatest possible one, (n_groups,) each."""
    rows = np.maximum(reference.rows + current.rows, 1)
    exact, *bounds = homogeneity_bounds(reference, current)

    def associated(chi_square: Floats) -> Floats:
        association: Floats = np.sqrt(np.minimum(chi_square / rows, 1.0))
        return association

    found = associated(exact)
    lower, upper = (found if bound is exact else associated(bound) for bound in bounds)
    return found, lower, upper


METRIC = Metric(Bins, statistic, bounded, homogeneity_pvalue, pvalues=homogeneity_pvalues, range=(0.0, 1.0), symmetric=True)

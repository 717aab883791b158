"""Pearson's chi-square statistic of homogeneity of the two sides' bins, without continuity correction (K. Pearson, 1900).

At least 0 and growing with the number of rows: it is evidence, not size. Bins empty on both sides are left out.
"""

from __future__ import annotations

from lakedrift.contingency import homogeneity, homogeneity_bounds, homogeneity_pvalue, homogeneity_pvalues
from lakedrift.metric import Bins, Floats, Metric

__all__ = ["METRIC", "statistic"]


def statistic(reference: Bins, current: Bins) -> Floats:
    """Return the statistic, (n_groups,), in [0, inf)."""
    return homogeneity(reference, current)[0]


METRIC = Metric(Bins, statistic, homogeneity_bounds, homogeneity_pvalue, pvalues=homogeneity_pvalues, symmetric=True)

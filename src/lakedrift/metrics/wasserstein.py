"""Wasserstein-1 distance, in the units of the feature: how far values have to move on average, ∫ |F - G| dx.

At least 0, symmetric, infinite where the shares of an infinity differ. Where values lie inside a cell is not known, which
bounds the distance from both sides; the statistic spreads the mass of a cell evenly.
"""

from __future__ import annotations

import numpy as np

from lakedrift.metric import Cells, Floats, Metric
from lakedrift_kernels import wasserstein

__all__ = ["METRIC", "bounded", "statistic"]


def statistic(reference: Cells, current: Cells) -> Floats:
    """Return the estimate, (n_groups,), in [0, inf]."""
    return bounded(reference, current)[0]


def bounded(reference: Cells, current: Cells) -> tuple[Floats, Floats, Floats]:
    """Return the estimate, and the least and the greatest possible distance, (n_groups,) each."""
    lower, estimate, upper = np.empty((3, len(reference.counts)))
    wasserstein.bounds(reference.counts, current.counts, reference.edges, reference.single, lower, estimate, upper)
    return estimate, lower, upper


METRIC = Metric(view=Cells, statistic=statistic, bounded=bounded, symmetric=True)

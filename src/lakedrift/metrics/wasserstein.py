"""Wasserstein-1 distance, in the units of the feature: how far values have to move on average, ∫ |F - G| dx.

At least 0, symmetric, infinite where the shares of an infinity differ. Where values lie inside a cell is not known, which
bounds the distance from both sides; the statistic spreads the mass of a cell evenly.
"""

from __future__ import annotations

import numpy as np

from lakedrift.metric import Cells, Floats, Metric
from lakedrift_kernels import wasserstein

__all__ = ["METRIC", "bounds", "statistic"]


def statistic(reference: Cells, current: Cells) -> Floats:
    """Return the estimate, (n_groups,), in [0, inf]."""
    return _measured(reference, current)[1]


def bounds(reference: Cells, current: Cells) -> tuple[Floats, Floats]:
    """Return the least and the greatest possible distance, (n_groups,) each."""
    lower, _, upper = _measured(reference, current)
    return lower, upper


def _measured(reference: Cells, current: Cells) -> tuple[Floats, Floats, Floats]:
    lower, estimate, upper = np.empty((3, len(reference.counts)))
    wasserstein.bounds(reference.counts, current.counts, reference.edges, reference.single, lower, estimate, upper)
    return lower, estimate, upper


METRIC = Metric(view=Cells, statistic=statistic, bounds=bounds, symmetric=True)

"""Jensen-Shannon divergence in bits: the mean Kullback-Leibler divergence of both sides from their average (J. Lin, 1991).

In [0, 1], symmetric, on raw shares; its square root is a metric distance.
"""

from __future__ import annotations

import math

import numpy as np

from lakedrift.contingency import homogeneity_pvalue, homogeneity_pvalues
from lakedrift.enclosing import enclosed
from lakedrift.metric import Bins, Floats, Metric
from lakedrift_kernels import divergence

__all__ = ["METRIC", "bounded", "statistic"]

FOUR_LN2 = 4.0 * math.log(2.0)


def statistic(reference: Bins, current: Bins) -> Floats:
    """Return the divergence, (n_groups,), in [0, 1]."""
    bits = np.empty(len(reference.counts))
    divergence.jensen_shannon(reference.counts, current.counts, bits)
    return bits


def bounded(reference: Bins, current: Bins) -> tuple[Floats, Floats, Floats]:
    """Return the divergence of the counts as they are, and the least and the greatest possible one, (n_groups,) each."""
    return enclosed(reference, current, statistic, _term, largest=1.0)


def _term(p: Floats, q: Floats) -> Floats:
    """Return what a bin adds: with p, q = (1 ± r)(p + q)/2, as the kernel has it, of every r short of 1."""
    both = p + q
    r = np.minimum(np.divide(np.abs(p - q), both, out=np.zeros_like(both), where=both > 0), 1.0 - 2.0**-53)
    bits: Floats = both * (np.log1p(-r * r) + 2.0 * r * np.arctanh(r)) / FOUR_LN2
    return bits


METRIC = Metric(Bins, statistic, bounded, homogeneity_pvalue, pvalues=homogeneity_pvalues, range=(0.0, 1.0), symmetric=True)

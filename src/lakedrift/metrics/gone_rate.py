"""Share of reference rows whose category is gone: the current side has none of it, and would hardly have none by chance.

Of a category with k of n reference rows, m current rows have none with the hypergeometric probability that all k of n + m rows
are among the n. Rare categories come and go, so one counts as gone only where that, times the number of categories that it is
one of (Bonferroni), is at most 0.05. In [0, 1], not symmetric; 0 where nothing is gone.

Of a feature of very many categories a bucket is gone if all that share it are. The p-value is the least probability of any
category, times their number.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lakedrift.contingency import none_of_pvalue
from lakedrift.metric import SLOTS, Bins, Counts, Floats, Metric, Told

__all__ = ["METRIC", "named", "pvalue", "statistic", "told"]

SURPRISING = 0.05
MOST_TOLD = 32


def statistic(reference: Bins, current: Bins) -> Floats:
    """Return the share of the categories that are gone together, (n_groups,), in [0, 1]."""
    share = np.where(_chances(reference, current) <= SURPRISING, reference.shares, 0.0).sum(axis=1)
    both = reference.counts.any(axis=1) & current.counts.any(axis=1)
    return np.where(both, np.minimum(share, 1.0), np.nan)


def pvalue(reference: Bins, current: Bins, statistic: Floats) -> Floats:
    """Return the probability, (n_groups,), that any category is missed as much by chance."""
    return np.where(np.isnan(statistic), np.nan, _chances(reference, current).min(axis=1, initial=1.0))


def told(reference: Bins, current: Bins) -> Told:
    """Return the shares of the greatest category that is gone on either side, and of the whole lake all that are."""
    at = named(reference, current)
    groups = np.arange(len(at))
    shares = np.hstack([reference.shares, np.zeros((len(at), 1))])[groups, at]
    gone = _gone(reference, current)[0] if len(at) else np.zeros(0, bool)
    order = np.argsort(-reference.counts[0], kind="stable") if len(at) else gone.nonzero()[0]
    names = [reference.labels[place] for place in order.tolist() if gone[place]]
    return shares, np.zeros(len(at)), {"gone": names[:MOST_TOLD], "n_gone": len(names)} if names else {}


def named(reference: Bins, current: Bins) -> Counts:
    """Return the greatest bin that is gone, (n_groups,), or the number of bins where none is."""
    counts = np.where(_gone(reference, current), reference.counts, 0)
    none = np.full(len(counts), counts.shape[1], np.int64)
    return np.where(counts.any(axis=1), counts.argmax(axis=1), none) if counts.shape[1] else none


def applies(reference: Bins, current: Bins) -> bool:
    """Whether the bins are of categories."""
    del current
    return reference.edges is None


def _gone(reference: Bins, current: Bins) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = _chances(reference, current) <= SURPRISING
    return found


def _chances(reference: Bins, current: Bins) -> Floats:
    """Return how probable it is that a category is missed, times their number, (n_groups, n_bins); 1 where it is not missed."""
    category = np.array([label not in SLOTS for label in reference.labels], bool)
    missed = (reference.counts > 0) & (current.counts == 0) & category
    group, _ = np.nonzero(missed)
    sizes = reference.rows, current.rows
    chosen_from = ((reference.counts > 0) & category).sum(axis=1)
    chances = np.ones(missed.shape)
    by_itself = none_of_pvalue(reference.counts[missed], sizes[0][group], sizes[1][group])
    chances[missed] = np.minimum(by_itself * chosen_from[group], 1.0)
    return chances


METRIC = Metric(Bins, statistic, None, pvalue, told, applies, named=named, range=(0.0, 1.0))

"""Share of rows whose category the reference does not have: a change from zero, since the reference has all of its own.

Rare categories come and go by chance. How many rows would then be unseen, the reference tells itself: the share of its rows
whose category it has once, each of which would be unseen if it were left out (I. J. Good, "The population frequencies of
species and the estimation of population parameters", 1953). The p-value is that of the two shares, and 1 where no more are
unseen.

Where there are so many categories that some share buckets, what counts is certain: a category that has a name, or a bucket that
the reference has nothing in. The rows of other buckets may be unseen too, and `unseen_at_most` in the detail includes them all.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from lakedrift.contingency import rate, rate_change, two_shares_pvalue
from lakedrift.metric import Floats, Presence, Told

__all__ = ["METRIC", "pvalue", "told"]


def pvalue(reference: Presence, current: Presence, statistic: Floats) -> Floats:
    """Return the probability, (n_groups,), of as many unseen rows where both sides are of one distribution."""
    more = (statistic > 0) & (rate(current, "unseen") > rate(reference, "once"))
    probability = two_shares_pvalue(reference.once, current.unseen, reference.rows, current.rows)
    return np.where(more | np.isnan(probability), probability, 1.0)


def told(reference: Presence, current: Presence) -> Told:
    """Return the shares of either side, and what the current one may be at most."""
    share, unsure = rate(current, "unseen"), rate(current, "unsure")
    detail = {"approximate": {"unseen_at_most": float(share[0] + unsure[0])}} if current.unsure.any() else {}
    return rate(reference, "unseen"), share, detail


METRIC = dataclasses.replace(rate_change("unseen"), pvalue=pvalue, told=told, symmetric=False)

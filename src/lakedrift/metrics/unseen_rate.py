"""Share of rows whose category the reference does not have: a change from zero, since the reference has all of its own.

Where there are so many categories that some share buckets, what counts is certain: a category that has a name, or a bucket that
the reference has nothing in. The rows of other buckets may be unseen too, and `unseen_at_most` in the detail includes them all.
"""

from __future__ import annotations

import dataclasses

from lakedrift.contingency import rate, rate_change
from lakedrift.metric import Presence, Told

__all__ = ["METRIC", "told"]


def told(reference: Presence, current: Presence) -> Told:
    """Return the shares of either side, and what the current one may be at most."""
    share, unsure = rate(current, "unseen"), rate(current, "unsure")
    detail = {"approximate": {"unseen_at_most": float(share[0] + unsure[0])}} if current.unsure.any() else {}
    return rate(reference, "unseen"), share, detail


METRIC = dataclasses.replace(rate_change("unseen"), told=told)

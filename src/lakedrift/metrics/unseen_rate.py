"""Share of rows whose category the reference does not have: a change from zero, since the reference has all of its own."""

from __future__ import annotations

from lakedrift.contingency import rate_change

__all__ = ["METRIC"]

METRIC = rate_change("unseen")

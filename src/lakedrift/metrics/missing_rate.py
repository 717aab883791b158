"""Absolute change in the share of rows in files that do not have the column at all."""

from __future__ import annotations

from lakedrift.contingency import rate_change

__all__ = ["METRIC"]

METRIC = rate_change("missing")

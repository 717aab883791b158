"""Absolute change in the share of rows that are null."""

from __future__ import annotations

from lakedrift.contingency import rate_change

__all__ = ["METRIC"]

METRIC = rate_change("null")

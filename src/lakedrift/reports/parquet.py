"""The long table as Parquet, with its types: one row per feature and metric, to be appended to a table of drift."""

from __future__ import annotations

import io

from lakedrift.comparison import Comparison
from lakedrift.report import Canvas, Report

__all__ = ["REPORT"]


def render(comparison: Comparison, _canvas: Canvas) -> bytes:
    """Write the long table as one Parquet file."""
    buffer = io.BytesIO()
    comparison.to_polars().write_parquet(buffer)
    return buffer.getvalue()


REPORT = Report(render, binary=True)

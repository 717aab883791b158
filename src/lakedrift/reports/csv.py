"""The long table as CSV: one row per feature and metric, with a header, for spreadsheets and scripts.

A spreadsheet runs a cell that begins with = + - @ or a tab or carriage return as a formula, and column and category names are
data of strangers: such text gets a leading apostrophe, as OWASP advises against "CSV injection". Missing values are empty.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import polars.selectors as cs

from lakedrift.comparison import Comparison
from lakedrift.report import Canvas, Report

__all__ = ["REPORT"]

FORMULA = r"^[=+\-@\t\r]"


def render(comparison: Comparison, _canvas: Canvas) -> Iterator[bytes]:
    """Write the long table as UTF-8 CSV."""
    text = cs.string()
    guarded = pl.when(text.str.contains(FORMULA)).then(pl.lit("'") + text).otherwise(text).name.keep()
    for place, table in enumerate(comparison.tables()):
        yield table.with_columns(guarded).write_csv(include_header=place == 0).encode()


REPORT = Report(render)

"""Reading with Polars' streaming engine: fast, and frames and queries in memory too; strings are views.

A name is always taken as it is, though to Polars `*` and `^a.*$` are patterns, and though Arrow's C interface ends it at a NUL.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import polars.selectors as cs
import pyarrow as pa

from lakedrift.scanner import check_types
from lakedrift.source import Scan

__all__ = ["SCANNER", "Polars"]

NEWEST = pl.CompatLevel.newest()
ROW = "row"


class Polars:
    """Reads any scan."""

    def __init__(self, threads: int, memory: int) -> None:
        del threads, memory  # its threads are the process's, and it has no limit to set

    def reads(self, scan: Scan) -> bool:
        """Whether it reads this scan: it is the one that reads them all."""
        del scan
        return True

    def batches(self, scan: Scan) -> Iterator[pa.RecordBatch]:
        """Yield the rows in the batches of the streaming engine; a scan of no columns yields the row numbers."""
        for frame in _query(scan).collect_batches(maintain_order=False):
            yield from _arrow(frame).to_batches()


def _query(scan: Scan) -> pl.LazyFrame:
    if scan.frame is not None:
        query: pl.LazyFrame = scan.frame
    else:
        files = [fragment.uri for fragment in scan.fragments]
        query = pl.scan_parquet(files, glob=False, hive_partitioning=False)
    if not scan.columns:
        return query.with_row_index(ROW).select(cs.by_name(ROW))
    query = query.select(cs.by_name(*scan.columns))
    check_types(scan, _arrow(pl.DataFrame(schema=query.collect_schema())).schema)
    return query


def _arrow(frame: pl.DataFrame) -> pa.Table:
    numbered = frame.clone()
    numbered.columns = [str(place) for place in range(frame.width)]
    return numbered.to_arrow(compat_level=NEWEST).rename_columns(frame.columns)


SCANNER = Polars

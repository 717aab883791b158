"""Reading with Polars' streaming engine: fast, and frames and queries in memory too; strings are views.

A name is always taken as it is, though to Polars `*` and `^a.*$` are patterns, and though Arrow's C interface ends it at a NUL.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

import polars as pl
import polars.selectors as cs
import pyarrow as pa

from lakedrift.scanner import check_types
from lakedrift.source import Scan

__all__ = ["SCANNER", "Polars", "is_known"]

ROW = "row"


class Polars:
    """Reads any scan but of files with a time zone that it does not know, even of a column that is not read."""

    def __init__(self, threads: int, memory: int) -> None:
        del threads, memory  # its threads are the process's, and it has no limit to set

    def reads(self, scan: Scan) -> bool:
        """Whether it reads this scan."""
        return scan.frame is not None or all(is_known(field.type) for field in scan.fragments[0].schema)

    def batches(self, scan: Scan) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches of the streaming engine; a scan of no columns yields the row numbers."""
        odd = _is_odd(scan)
        for frame in _query(scan).collect_batches(maintain_order=scan.ordered):
            yield from _stream(frame, odd=odd)


@functools.cache
def is_known(dtype: pa.DataType) -> bool:
    """Whether Polars knows the time zone of a type, or of a type inside it."""
    inside = [dtype.field(place).type for place in range(dtype.num_fields)]
    if not pa.types.is_timestamp(dtype):
        return all(map(is_known, inside))
    try:
        pl.Series([], dtype=pl.Datetime("us", dtype.tz or None))
    except pl.exceptions.PolarsError:
        return False
    return True


def _query(scan: Scan) -> pl.LazyFrame:
    if scan.frame is not None:
        query: pl.LazyFrame = scan.frame
    else:
        files = [fragment.uri for fragment in scan.fragments]
        query = pl.scan_parquet(files, glob=False, hive_partitioning=False)
    if not scan.columns:
        return query.with_row_index(ROW).select(cs.by_name(ROW))
    query = query.select(cs.by_name(*scan.columns))
    check_types(scan, _stream(pl.DataFrame(schema=query.collect_schema()), odd=_is_odd(scan)).schema)
    return query


def _is_odd(scan: Scan) -> bool:
    return any("\0" in name for name in scan.columns)


def _stream(frame: pl.DataFrame, *, odd: bool) -> pa.RecordBatchReader:
    """Return the chunks of a frame as they are, all columns at once: half of what `to_arrow` takes for each of them."""
    if not odd:
        return pa.RecordBatchReader.from_stream(frame)
    numbered = frame.clone()
    numbered.columns = [str(place) for place in range(frame.width)]
    stream = pa.RecordBatchReader.from_stream(numbered)
    schema = pa.schema([field.with_name(name) for field, name in zip(stream.schema, frame.columns, strict=True)])
    return pa.RecordBatchReader.from_batches(schema, (pa.record_batch(batch.columns, schema=schema) for batch in stream))


SCANNER = Polars

"""Reading with Polars' streaming engine: bounded batches, strings as views, no copy on the way to Arrow.

Polars reports a damaged file without naming it, sometimes as a panic that is no `Exception`; here it becomes a typed error
that names the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl
import pyarrow as pa

from lakedrift.errors import LakedriftError, SourceError, UnreadableFileError, UsageError
from lakedrift.source import Scan

__all__ = ["batches", "needed", "slices"]

NEWEST = pl.CompatLevel.newest()
KEEP = "\0keep"  # no Parquet column is called so


def batches(scan: Scan, where: str | None) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Yield batches of the scan's columns in any order, and with each how many rows the filter kept back."""
    try:
        for frame in _query(scan, where).collect_batches(maintain_order=False):
            yield from _record_batches(frame, where)
    except (KeyboardInterrupt, SystemExit, GeneratorExit, LakedriftError):
        raise
    except BaseException as error:  # a Polars panic is no Exception
        raise _explained(error, scan, where) from error


def slices(samples: Sequence[tuple[Scan, int, int]], where: str | None) -> list[pa.Table]:
    """Return the sampled slices, filtered."""
    frames = []
    for scan, offset, length in samples:  # one by one: together, slices of one file make Polars decode all of it
        try:
            frames.append(_query(scan, where, (offset, length)).collect())
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a Polars panic is no Exception
            raise _explained(error, scan, where) from error
    return [_kept(frame, where).to_arrow(compat_level=NEWEST) for frame in frames]


def needed(where: str) -> list[str]:
    """Return the columns that a filter looks at.

    Raises
    ------
    UsageError
        If it is no SQL expression.
    """
    return _predicate(where).meta.root_names()


def _query(scan: Scan, where: str | None, part: tuple[int, int] | None = None) -> pl.LazyFrame:
    if scan.frame is not None:
        query: pl.LazyFrame = scan.frame
    else:
        files = [fragment.uri for fragment in scan.fragments]
        query = pl.scan_parquet(files, glob=False, hive_partitioning=False)
    query = query.select(scan.columns)
    if part is not None:
        query = query.slice(*part)
    query = query.with_columns(pl.lit(value, pl.String).alias(name) for name, value in scan.literals)
    return query if where is None else query.with_columns(_predicate(where).alias(KEEP))


def _record_batches(frame: pl.DataFrame, where: str | None) -> Iterator[tuple[pa.RecordBatch, int]]:
    kept = _kept(frame, where)
    filtered = frame.height - kept.height
    for batch in kept.to_arrow(compat_level=NEWEST).to_batches():
        yield batch, filtered
        filtered = 0
    if filtered:
        yield pa.RecordBatch.from_pydict({}), filtered


def _kept(frame: pl.DataFrame, where: str | None) -> pl.DataFrame:
    if where is None:
        return frame
    keep = frame.get_column(KEEP)
    if keep.dtype != pl.Boolean:
        msg = f"the filter {where!r} is {keep.dtype}, not true or false"
        raise UsageError(msg)
    return frame.drop(KEEP).filter(keep.fill_null(value=False))


def _predicate(where: str) -> pl.Expr:
    try:
        return pl.sql_expr(where)
    except pl.exceptions.PolarsError as error:
        msg = f"cannot understand the filter {where!r}: {str(error).splitlines()[0]}"
        raise UsageError(msg, hint="write a SQL condition, such as \"country = 'DE' AND price > 0\"") from error


def _explained(error: BaseException, scan: Scan, where: str | None) -> LakedriftError:
    """Find out whether one file or the filter is at fault."""
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    if scan.frame is not None:
        msg = f"cannot read the {scan.fragments[0].uri}: {reason}"
        return UsageError(f"cannot run the filter {where!r}: {reason}") if where else SourceError(msg)
    for fragment in scan.fragments:
        if not _readable(Scan((fragment,), scan.columns)):
            msg = f"cannot read {fragment.uri!r}: {reason}"
            return UnreadableFileError(msg, hint="the file is damaged, or changed while it was read")
    msg = f"cannot run the filter {where!r}: {reason}" if where else f"cannot read the files together: {reason}"
    return UsageError(msg) if where else SourceError(msg)


def _readable(scan: Scan) -> bool:
    try:
        for _ in _query(scan, None).collect_batches(maintain_order=False):
            pass
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a Polars panic is no Exception
        return False
    return True

"""Reading with Polars' streaming engine: bounded batches, strings as views, no copy on the way to Arrow.

Polars reports a damaged file without naming it, sometimes as a panic that is no `Exception`; here it becomes a typed error
that names the file. A name is always taken as it is, though to Polars `*` and `^a.*$` are patterns, and though Arrow's C
interface ends it at a NUL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl
import polars.selectors as cs
import pyarrow as pa

from lakedrift.columns import natural_kind, type_name
from lakedrift.errors import LakedriftError, SourceError, UnreadableFileError, UsageError
from lakedrift.source import Scan

__all__ = ["batches", "needed", "slices"]

NEWEST = pl.CompatLevel.newest()
FILTER_HINT = "write a SQL condition, such as \"country = 'DE' AND price > 0\"; partition keys are text"


def batches(scan: Scan, where: str | None) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Yield batches of the scan's columns in any order, and with each how many rows the filter kept back."""
    delivered = 0
    try:
        for frame in _query(scan, where).collect_batches(maintain_order=False):
            delivered += frame.height
            yield from _record_batches(frame, scan, where)
    except (KeyboardInterrupt, SystemExit, GeneratorExit, LakedriftError):
        raise
    except BaseException as error:  # a Polars panic is no Exception
        raise _explained(_reason(error), scan, where) from error
    if scan.rows not in (None, delivered):
        raise _explained(_miscounted(scan, delivered), scan, None)


def slices(samples: Sequence[tuple[Scan, int, int]], where: str | None) -> list[pa.Table]:
    """Return the sampled slices, filtered."""
    tables = []
    for scan, offset, length in samples:  # one by one: together, slices of one file make Polars decode all of it
        try:
            frame = _query(scan, where, (offset, length)).collect()
            tables.append(_arrow(_kept(frame, scan, where)))
        except (KeyboardInterrupt, SystemExit, LakedriftError):
            raise
        except BaseException as error:  # a Polars panic is no Exception
            raise _explained(_reason(error), scan, where) from error
    return tables


def needed(where: str) -> list[str]:
    """Return the columns that a filter looks at.

    Raises
    ------
    UsageError
        If it is no SQL expression, or not one that judges each row by itself.
    """
    return _predicate(where).meta.root_names()


def _query(scan: Scan, where: str | None, part: tuple[int, int] | None = None) -> pl.LazyFrame:
    if scan.frame is not None:
        query: pl.LazyFrame = scan.frame
    else:
        files = [fragment.uri for fragment in scan.fragments]
        query = pl.scan_parquet(files, glob=False, hive_partitioning=False)
    if scan.columns:
        query = query.select(cs.by_name(*scan.columns))
        _check_types(query, scan)
    else:  # rows are counted all the same
        query = query.with_row_index(_unused(scan, "row")).select(cs.by_name(_unused(scan, "row")))
    if part is not None:
        query = query.slice(*part)
    query = query.with_columns(_literal(value, dtype).alias(name) for name, value, dtype in scan.literals)
    return query if where is None else query.with_columns(_predicate(where).alias(_unused(scan, "keep")))


def _literal(value: str | None, dtype: pa.DataType) -> pl.Expr:
    return pl.lit(value, pl.Series(pa.nulls(1, dtype)).dtype)


def _unused(scan: Scan, purpose: str) -> str:
    """Return a name that no column has, being longer than any."""
    names = [*scan.columns, *(name for name, _, _ in scan.literals)]
    return max(names, key=len, default="") + purpose


def _check_types(query: pl.LazyFrame, scan: Scan) -> None:
    """Assert that the columns are of the kinds that the footers declared: a file may have been replaced since."""
    given = _arrow(pl.DataFrame(schema=query.collect_schema())).schema
    for name in scan.columns:
        declared, found = scan.fragments[0].schema.field(name).type, given.field(name).type
        renamed = type_name(found) != type_name(declared)
        if renamed and (natural_kind(found) != natural_kind(declared) or _is_plain(found)):
            msg = f"column {name!r} was declared as {declared} and is {found}"
            raise TypeError(msg)


def _is_plain(dtype: pa.DataType) -> bool:
    return bool(pa.types.is_integer(dtype) or pa.types.is_floating(dtype))


def _record_batches(frame: pl.DataFrame, scan: Scan, where: str | None) -> Iterator[tuple[pa.RecordBatch, int]]:
    kept = _kept(frame, scan, where)
    filtered = frame.height - kept.height
    for batch in _arrow(kept).to_batches():
        yield batch, filtered
        filtered = 0
    if filtered:
        yield pa.RecordBatch.from_pydict({}), filtered


def _arrow(frame: pl.DataFrame) -> pa.Table:
    numbered = frame.clone()
    numbered.columns = [str(place) for place in range(frame.width)]
    return numbered.to_arrow(compat_level=NEWEST).rename_columns(frame.columns)


def _kept(frame: pl.DataFrame, scan: Scan, where: str | None) -> pl.DataFrame:
    if where is None:
        return frame
    keep = frame.get_column(_unused(scan, "keep"))
    if keep.dtype not in (pl.Boolean, pl.Null):
        msg = f"the filter {where!r} is {keep.dtype}, not true or false"
        raise UsageError(msg, hint=FILTER_HINT)
    return frame.drop(cs.by_name(keep.name)).filter(keep.cast(pl.Boolean).fill_null(value=False))


def _predicate(where: str) -> pl.Expr:
    try:
        predicate = pl.sql_expr(where)
        by_itself = not predicate.meta.has_multiple_outputs() and all(map(_judges_rows, _nodes(predicate)))
    except pl.exceptions.PolarsError as error:
        msg = f"cannot understand the filter {where!r}: {_reason(error)}"
        raise UsageError(msg, hint=FILTER_HINT) from error
    if not by_itself:  # over which rows an average is taken would depend on how the files are read
        msg = f"the filter {where!r} does not judge each row by itself"
        raise UsageError(msg, hint=FILTER_HINT)
    return predicate


def _nodes(expression: pl.Expr) -> Iterator[pl.Expr]:
    yield expression
    for part in expression.meta.pop():
        yield from _nodes(part)


def _judges_rows(node: pl.Expr) -> bool:
    """Whether the top operation looks at one row at a time."""
    meta = node.meta
    try:
        return meta.is_literal() or (meta.is_row_separable() and (meta.is_length_preserving() or meta.is_scalar()))
    except pl.exceptions.ColumnNotFoundError:  # IN and % are resolved by the types of their columns only: they are
        return True


def _explained(reason: str, scan: Scan, where: str | None) -> LakedriftError:
    """Find out whether one file, the frame or the filter is at fault."""
    for fragment in scan.fragments:
        fault = _fault(Scan((fragment,), scan.columns, frame=scan.frame))
        if fault is not None and scan.frame is not None:
            return SourceError(f"cannot read the {fragment.uri}: {fault}")
        if fault is not None:
            msg = f"cannot read {fragment.uri!r}: {fault}"
            return UnreadableFileError(msg, hint="the file is damaged, or changed while it was read")
    if where:
        return UsageError(f"cannot run the filter {where!r}: {reason}", hint=FILTER_HINT)
    return SourceError(f"cannot read {len(scan.fragments)} fragments together, {scan.fragments[0].uri!r} first: {reason}")


def _fault(scan: Scan) -> str | None:
    """Say what is wrong with one fragment, None if nothing is."""
    rows = 0
    try:
        for frame in _query(scan, None).collect_batches(maintain_order=False):
            rows += frame.height
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a Polars panic is no Exception
        return _reason(error)
    return None if scan.rows in (None, rows) else _miscounted(scan, rows)


def _miscounted(scan: Scan, rows: int) -> str:
    return f"{scan.rows} rows were declared, {rows} read"


def _reason(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)

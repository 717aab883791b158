"""What a filter means: the rows of a batch for which a SQL condition is true, whoever read them.

A condition is parsed and run by Polars' expressions on batches that are in memory already, so that it means the same for every
scanner. A name is always taken as it is, though to Polars `*` and `^a.*$` are patterns, and though Arrow's C interface ends it
at a NUL.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pyarrow as pa

from lakedrift.errors import UsageError, reason

__all__ = ["Filter", "as_batch", "as_frame"]

NEWEST = pl.CompatLevel.newest()
HINT = "write a SQL condition, such as \"country = 'DE' AND price > 0\"; partition keys are text"


class Filter:
    """A condition on rows.

    Raises
    ------
    UsageError
        If it is no SQL expression, or not one that judges each row by itself.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        try:
            self._predicate = pl.sql_expr(where)
            single = not self._predicate.meta.has_multiple_outputs()
            by_itself = single and all(map(_judges_rows, _nodes(self._predicate)))
        except pl.exceptions.PolarsError as error:
            msg = f"cannot understand the filter {where!r}: {reason(error)}"
            raise UsageError(msg, hint=HINT) from error
        if not by_itself:  # over which rows an average is taken would depend on how the files are read
            msg = f"the filter {where!r} does not judge each row by itself"
            raise UsageError(msg, hint=HINT)

    @property
    def needed(self) -> list[str]:
        """The columns that it looks at."""
        return self._predicate.meta.root_names()

    def check(self, schema: pa.Schema) -> None:
        """Assert that the condition can be run on columns of these types and is true or false.

        Raises
        ------
        UsageError
            If it cannot.
        """
        self.kept(pa.record_batch([pa.array([], field.type) for field in schema], schema=schema))

    def kept(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the rows for which the condition is true.

        Raises
        ------
        UsageError
            If it cannot be run on them.
        """
        frame = as_frame(batch)
        name = max(frame.columns, key=len, default="") + "keep"  # longer than any, so that no column has it
        try:
            keep = frame.with_columns(self._predicate.alias(name)).get_column(name)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a Polars panic is no Exception
            msg = f"cannot run the filter {self._where!r}: {reason(error)}"
            raise UsageError(msg, hint=HINT) from error
        if keep.dtype not in (pl.Boolean, pl.Null):
            msg = f"the filter {self._where!r} is {keep.dtype}, not true or false"
            raise UsageError(msg, hint=HINT)
        return as_batch(frame.filter(keep.cast(pl.Boolean).fill_null(value=False)))


def as_frame(batch: pa.RecordBatch) -> pl.DataFrame:
    """Return a batch as a frame without a copy; its dictionaries of text become text, whose values are shared."""
    columns = [_series(str(place), column) for place, column in enumerate(batch.columns)]
    frame = pl.DataFrame(columns)
    frame.columns = batch.schema.names
    return frame


def as_batch(frame: pl.DataFrame) -> pa.RecordBatch:
    """Return a frame as one batch, its strings as views."""
    numbered = frame.rechunk()
    numbered.columns = [str(place) for place in range(frame.width)]
    table = numbered.to_arrow(compat_level=NEWEST)
    columns = [column.chunk(0) if column.num_chunks else pa.array([], column.type) for column in table.columns]
    return pa.record_batch(columns, names=frame.columns)


def _series(name: str, column: pa.Array) -> pl.Series:
    if not pa.types.is_dictionary(column.type):
        return pl.Series(name, column)
    values = pl.Series(name, column.dictionary)
    return values.gather(pl.Series(column.indices.cast(pa.uint32())))


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

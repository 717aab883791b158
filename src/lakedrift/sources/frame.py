"""A frame in memory or a lazy query: anything Polars can take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakSet

import polars as pl
import pyarrow as pa

from lakedrift.columns import is_read
from lakedrift.errors import LakedriftError, SourceError, reason
from lakedrift.source import Fragment, Sample, Scan

__all__ = ["Frame", "open_frame"]

NEWEST = pl.CompatLevel.newest()
READ_STREAMS: WeakSet[pa.RecordBatchReader] = WeakSet()  # read again, they would silently be empty


@dataclass(frozen=True)
class Frame:
    """A frame, opened."""

    name: str
    fragments: tuple[Fragment, ...]
    frame: pl.LazyFrame

    def part(self, fragments: Sequence[Fragment]) -> Frame:
        """Return the frame, which is one fragment."""
        del fragments
        return self

    def scans(self, names: Sequence[str], needed: Sequence[str] = ()) -> list[Scan]:
        """Return the one scan of the frame."""
        schema = self.fragments[0].schema
        wanted = (name for name in dict.fromkeys([*names, *needed]) if name in schema.names)
        read = tuple(name for name in wanted if name in needed or is_read(schema.field(name).type))
        return [Scan(self.fragments, read, frame=self.frame)]

    def samples(self, names: Sequence[str], rows: int, needed: Sequence[str] = ()) -> list[Sample]:
        """Return every k-th row."""
        (scan,) = self.scans(names, needed)
        total = scan.rows or 0
        every = max(1, total // rows)
        taken = -(-total // every)
        part = replace(self.fragments[0], rows=taken)
        return [Sample(Scan((part,), scan.columns, frame=self.frame.gather_every(every)), 0, taken, taken)]


def open_frame(what: Any, name: str | None = None) -> Frame:
    """Open a Polars frame or query, an Arrow table, a pandas frame, or whatever else hands out an Arrow stream.

    A query is run once to count its rows, and a stream is read to its end. Where there is no name, it is called by its type.

    Raises
    ------
    SourceError
        If it is none of these, or cannot be read.
    """
    name = name or type(what).__name__
    try:
        if isinstance(what, pl.LazyFrame):
            return _opened(name, what, int(what.select(pl.len()).collect().item()), 0)
        frame, schema = (what, None) if isinstance(what, pl.DataFrame) else _imported(what)
        return _opened(name, frame.lazy(), frame.height, int(frame.estimated_size()), schema)
    except (KeyboardInterrupt, SystemExit, LakedriftError):
        raise
    except BaseException as error:  # a Polars panic is no Exception
        msg = f"cannot read the {name}: {reason(error)}"
        raise SourceError(msg) from error


def _opened(name: str, frame: pl.LazyFrame, rows: int, size: int, schema: pa.Schema | None = None) -> Frame:
    types = schema or pa.schema([(column, _arrow_type(dtype)) for column, dtype in frame.collect_schema().items()])
    return Frame(name, (Fragment(name, rows, size, types),), frame)


def _imported(what: Any) -> tuple[pl.DataFrame, pa.Schema | None]:
    """Return an Arrow stream as a frame of the columns that are looked at, and the schema of all of them."""
    if not hasattr(what, "__arrow_c_stream__"):
        msg = f"cannot read a {type(what).__module__}.{type(what).__qualname__}"
        raise SourceError(msg, hint="pass a path, a list of paths, a Polars or pandas frame, or an Arrow table")
    if type(what).__module__.startswith("pyspark"):
        msg = "a Spark frame would be collected whole on the driver"
        raise SourceError(msg, hint="write it as Parquet and pass the path")
    if type(what).__module__.startswith("pandas"):  # Polars knows that its index is no column, and its NaN is null
        return pl.DataFrame(what), None
    if isinstance(what, pa.RecordBatchReader):
        if what in READ_STREAMS:
            msg = "a stream can be read only once, and this one has been"
            raise SourceError(msg, hint="make another reader, or pass the table")
        READ_STREAMS.add(what)
        what = what.read_all()
    table = what if isinstance(what, pa.Table) else pa.table(what)
    return _numbered(table.select([field.name for field in table.schema if is_read(field.type)])), table.schema


def _numbered(table: pa.Table) -> pl.DataFrame:
    """Return the table as a frame; columns travel by number, since Polars calls a nameless one `column_0`."""
    frame = pl.DataFrame(table.rename_columns([str(place) for place in range(table.num_columns)]))
    frame.columns = table.column_names
    return frame


def _arrow_type(dtype: pl.DataType) -> pa.DataType:
    """Return the Arrow type of a column; what Arrow has no type for is bytes."""
    try:
        return pl.Series([], dtype=dtype).to_arrow(compat_level=NEWEST).type
    except (pa.ArrowException, pl.exceptions.PolarsError):
        return pa.binary()

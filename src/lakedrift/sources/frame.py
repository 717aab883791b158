"""A frame in memory or a lazy query: anything Polars can take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa

from lakedrift.errors import SourceError
from lakedrift.source import Fragment, Scan

__all__ = ["Frame", "open_frame"]


@dataclass(frozen=True)
class Frame:
    """A frame, opened."""

    name: str
    fragments: tuple[Fragment, ...]
    frame: pl.LazyFrame

    def scans(self, names: Sequence[str], needed: Sequence[str] = ()) -> list[Scan]:
        """Return the one scan of the frame."""
        schema = self.fragments[0].schema.names
        wanted = tuple(dict.fromkeys([*names, *needed]))
        absent = tuple((name, None) for name in needed if name not in schema)
        return [Scan(self.fragments, tuple(name for name in wanted if name in schema), absent, self.frame)]

    def samples(self, names: Sequence[str], rows: int, needed: Sequence[str] = ()) -> list[tuple[Scan, int, int]]:
        """Return every k-th row as one slice."""
        (scan,) = self.scans(names, needed)
        total = self.fragments[0].rows
        if total is None:
            total = int(self.frame.select(pl.len()).collect().item())
        every = max(1, total // rows)
        return [(Scan(scan.fragments, scan.columns, scan.literals, self.frame.gather_every(every)), 0, -(-total // every))]


def open_frame(what: Any) -> Frame:
    """Open a Polars frame or query, an Arrow table, a pandas frame, or whatever else hands out an Arrow stream.

    Raises
    ------
    SourceError
        If it is none of these.
    """
    lazy, rows, size = _lazy(what)
    empty = lazy.head(0).collect()
    names = empty.columns
    schema = pa.schema(list(empty.to_arrow(compat_level=pl.CompatLevel.newest()).schema)) if names else pa.schema([])
    return Frame(type(what).__name__, (Fragment(type(what).__name__, rows, size, schema),), lazy)


def _lazy(what: Any) -> tuple[pl.LazyFrame, int | None, int]:
    if isinstance(what, pl.LazyFrame):
        return what, None, 0
    if not isinstance(what, pl.DataFrame):
        what = _collected(what)
    return what.lazy(), what.height, int(what.estimated_size())


def _collected(what: Any) -> pl.DataFrame:
    if not hasattr(what, "__arrow_c_stream__"):
        msg = f"cannot read a {type(what).__module__}.{type(what).__qualname__}"
        raise SourceError(msg, hint="pass a path, a list of paths, a Polars or pandas frame, or an Arrow table")
    if type(what).__module__.startswith("pyspark"):
        msg = "a Spark frame would be collected whole on the driver"
        raise SourceError(msg, hint="write it as Parquet and pass the path")
    return pl.DataFrame(what)

"""The long table as Parquet, with its types: one row per feature and metric, to be appended to a table of drift."""

from __future__ import annotations

import io
from collections.abc import Iterator

import polars as pl
import pyarrow.parquet as pq

from lakedrift.comparison import Comparison
from lakedrift.report import Canvas, Report

__all__ = ["REPORT"]


class Pipe(io.RawIOBase):
    """A file that gives away what was written to it, and remembers how much that was: footers name places."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._written

    def write(self, piece: bytes, /) -> int:  # type: ignore[override]  # Arrow hands over bytes
        """Keep a piece until it is taken."""
        self._pieces.append(bytes(piece))
        self._written += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def render(comparison: Comparison, _canvas: Canvas) -> Iterator[bytes]:
    """Write the long table as one Parquet file, a row group at a time."""
    pipe, writer = Pipe(), None
    for table in comparison.tables():
        rows = table.to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(pipe, rows.schema, compression="zstd")
        writer.write_table(rows)
        yield pipe.taken()
    if writer is not None:
        writer.close()
    yield pipe.taken()


REPORT = Report(render, binary=True)

"""What every reader delivers of a scan: its columns in one type each, what the path gives, and the rows that a filter keeps."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakedrift.columns import natural_kind
from lakedrift.filtering import NEWEST, Filter
from lakedrift.scanners.polars import is_known
from lakedrift.source import Scan

__all__ = ["Finish"]

OWNER = "owner"
SECONDS_A_DAY = 86_400
UNITS_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class Finish:
    """Gives batches their literals and the types that every reader delivers, and filters them; a filter is checked first."""

    def __init__(self, scan: Scan, keep: Filter | None) -> None:
        self._scan = scan
        self._keep = keep
        self._schema = _schema(scan)
        self._plain: pa.Schema | None = None  # of batches that need nothing
        if keep is not None:
            keep.check(self._schema)

    def __call__(self, batch: pa.RecordBatch, owners: NDArray[np.int32] | None = None) -> tuple[pa.RecordBatch, int]:
        """Return the finished batch, with the owners of its rows as one more column, and how many rows were kept back."""
        if not len(self._schema):
            return batch.select([]), 0
        whole = batch if self._plain is not None and batch.schema.equals(self._plain) else self._whole(batch)
        if owners is not None:
            name = max(self._schema.names, key=len) + OWNER  # longer than any, so that no column has it
            whole = pa.record_batch([*whole.columns, pa.array(owners)], names=[*self._schema.names, name])
        if self._keep is None:
            return whole, 0
        kept = self._keep.kept(whole)
        return kept, whole.num_rows - kept.num_rows

    def together(self, pieces: Sequence[pa.RecordBatch]) -> tuple[pa.Table, int]:
        """Return batches as one, finished, and how many rows were kept back; a filter looks at all of them at once."""
        joined = pieces if self._keep is None else [pa.concat_batches(pieces)]
        finished = [self(piece) for piece in joined]
        return pa.Table.from_batches([batch for batch, _ in finished]), sum(kept_back for _, kept_back in finished)

    def _whole(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        scan, found = self._scan, batch.columns
        columns = [
            _delivered(column, field.type) for column, field in zip(found[: len(scan.columns)], self._schema, strict=False)
        ]
        if not scan.literals and all(column is given for column, given in zip(columns, found, strict=True)):
            self._plain = batch.schema
        columns += [_repeated(value, dtype, batch.num_rows) for _, value, dtype in scan.literals]
        return pa.record_batch(columns, names=self._schema.names)


def _schema(scan: Scan) -> pa.Schema:
    """Return the names and types that batches of a scan have."""
    declared = scan.fragments[0].schema
    types = [(name, _delivered_type(declared.field(name).type)) for name in scan.columns]
    return pa.schema(types + [(name, _delivered_type(dtype)) for name, _, dtype in scan.literals])


@functools.cache
def _delivered_type(dtype: pa.DataType) -> pa.DataType:
    """Return the one type that values of a type are delivered in, that of Polars; text is in any encoding."""
    if natural_kind(dtype) in ("categorical", "unsupported"):
        return dtype
    if pa.types.is_timestamp(dtype):  # Polars knows no seconds, and not every time zone, and runs the filters
        return pa.timestamp("ms" if dtype.unit == "s" else dtype.unit, (dtype.tz or None) if is_known(dtype) else "UTC")
    return pl.Series([], dtype=pl.Series(pa.nulls(0, dtype)).dtype).to_arrow(compat_level=NEWEST).type


def _delivered(column: pa.Array, dtype: pa.DataType) -> pa.Array:
    if pa.types.is_time(column.type):
        return _time_of_day(column)
    if column.type == dtype or natural_kind(dtype) in ("categorical", "unsupported"):
        return column
    return column.cast(dtype)


def _time_of_day(column: pa.Array) -> pa.Array:
    """Return times in nanoseconds; what is outside a day is null, as Polars has it."""
    unit = UNITS_A_SECOND[column.type.unit]
    ticks = column.cast(pa.int32() if column.type.bit_width == 32 else pa.int64()).cast(pa.int64())
    within = pc.and_(pc.greater_equal(ticks, 0), pc.less(ticks, SECONDS_A_DAY * unit))
    return pc.multiply(pc.if_else(within, ticks, None), 10**9 // unit).cast(pa.time64("ns"))


def _repeated(value: str | None, dtype: pa.DataType, rows: int) -> pa.Array:
    if value is None:
        return pa.nulls(rows, _delivered_type(dtype))
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), rows), pa.repeat(pa.scalar(value), 1))

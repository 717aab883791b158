"""When rows happened: a column of time as microseconds since 1970-01-01 00:00 UTC."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from lakedrift import columns
from lakedrift.encoding import Encoded
from lakedrift.window import NO_TIME, UTC, Instants

__all__ = ["instants_of", "is_time"]

DAY = 86_400_000_000
NUMERATORS = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 1}
DATES = "%Y-%m-%d", "%Y%m%d"
CLOCKS = "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"


def is_time(dtype: pa.DataType) -> bool:
    """Whether a column of this type can say when: timestamps, dates, and text, which may be written as either."""
    dated = pa.types.is_timestamp(dtype) or pa.types.is_date(dtype)
    return bool(dated or columns.natural_kind(dtype) == "categorical" or pa.types.is_null(dtype))


def instants_of(array: pa.Array) -> Instants:
    """Return the instants of a column of time, (n,); NO_TIME where it is null or no time, or the result does not fit 64 bits.

    Text is a date or a timestamp of ISO 8601, in UTC unless it says how far from it.
    """
    if pa.types.is_timestamp(array.type) or pa.types.is_date(array.type):
        column = columns.numbers(array)
        ticks = column.values.astype(np.int64)
        valid = array.is_valid().to_numpy(zero_copy_only=False)
        return _scaled(ticks, valid, *_unit(array.type))
    encoded = Encoded.of(array)
    return np.append(_parsed(columns.labels(encoded.values)), NO_TIME)[encoded.codes]


def _unit(dtype: pa.DataType) -> tuple[int, int]:
    """Return the microseconds of a tick, as a fraction."""
    if pa.types.is_date(dtype):
        return (DAY, 1) if dtype.bit_width == 32 else (1_000, 1)
    return NUMERATORS[dtype.unit], 1_000 if dtype.unit == "ns" else 1


def _scaled(ticks: Instants, valid: np.ndarray, factor: int, divisor: int) -> Instants:
    most = (1 << 62) // factor
    fits = valid & (ticks >= -most) & (ticks <= most) if factor > 1 else valid
    return np.where(fits, np.where(fits, ticks, 0) * factor // divisor, NO_TIME)


def _parsed(texts: pa.Array) -> Instants:
    """Return the instants of different texts; each format is tried by itself, so that none depends on the others."""
    written = pl.Series(texts).str.replace(" ", "T", literal=True)
    tried = [written.str.to_date(form, strict=False).cast(pl.Datetime("us")).dt.replace_time_zone(UTC) for form in DATES]
    for form in CLOCKS:
        tried.append(written.str.to_datetime(form, time_unit="us", strict=False).dt.replace_time_zone(UTC))
        tried.append(written.str.to_datetime(form + "%#z", time_unit="us", time_zone=UTC, strict=False))
    named = [column.alias(str(place)) for place, column in enumerate(tried)]
    return pl.DataFrame(named).select(pl.coalesce(pl.all())).to_series().to_physical().fill_null(NO_TIME).to_numpy()

"""What looks like an identifier in a sample: nearly every value is another one."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift import columns

__all__ = ["is_integer_key", "is_text_key"]

IDENTIFIER_SAMPLE = 100  # fewer values say nothing about identity
IDENTIFIER_SHARE = 0.9  # distinct among sampled strings


def is_text_key(sample: list[pa.Array]) -> bool:
    """Whether hardly any text of a sample occurs twice."""
    valid = sum(len(array) - array.null_count for array in sample)
    if valid < IDENTIFIER_SAMPLE:
        return False
    distinct = pl.concat(map(_distinct_texts, sample)).n_unique()
    return bool(distinct >= IDENTIFIER_SHARE * valid)


def is_integer_key(values: NDArray[Any], rows: int) -> bool:
    """All different, and numbered through (a range like the number of rows) or drawn from beyond 2**53 (a hash)."""
    if len(values) < IDENTIFIER_SAMPLE or len(np.unique(values)) < len(values):
        return False
    spread = int(values.max()) - int(values.min())
    return spread <= 2 * rows or spread > 1 << 53


def _distinct_texts(array: pa.Array) -> pl.Series:
    """Return the different values of a column as text; those of a dictionary are not laid out, as they may be long."""
    array = columns.labels(array)
    if pa.types.is_dictionary(array.type):
        used = pl.Series(array.indices.cast(pa.uint32())).drop_nulls().unique()
        return pl.Series(array.dictionary).cast(pl.String).gather(used).drop_nulls().unique()
    return pl.Series(array).drop_nulls().unique()

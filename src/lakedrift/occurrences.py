"""How often each text occurs in a sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from lakedrift import columns

__all__ = ["text_counts"]

TEXT, TIMES = pl.col("text"), pl.col("n")


def text_counts(sample: Sequence[pa.Array]) -> pl.DataFrame:
    """Return the different values of a column of any type, as `text`, and how often each occurs, as `n`; nulls left out."""
    counted = pl.concat([pl.DataFrame(schema={"text": pl.String, "n": pl.Int64}), *map(_counts, map(columns.labels, sample))])
    return counted.lazy().filter(TEXT.is_not_null() & (TIMES > 0)).group_by("text").agg(TIMES.sum()).collect()


def _counts(array: pa.Array) -> pl.DataFrame:
    """Return texts, not all of them different, and how often each occurs; those of a dictionary are not laid out."""
    if not pa.types.is_dictionary(array.type):
        texts = pl.Series("text", array)
        return pl.DataFrame([texts, pl.repeat(1, len(texts), dtype=pl.Int64, eager=True).alias("n")])
    codes = columns.numbers(array.indices.drop_null().cast(pa.int64()))  # `to_numpy` would load pandas
    counts = np.bincount(codes.values, minlength=len(array.dictionary))
    return pl.DataFrame([pl.Series("text", array.dictionary, pl.String), pl.Series("n", counts, pl.Int64)])

"""How often each text occurs in a sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from lakedrift import columns

__all__ = ["text_counts"]


def text_counts(sample: Sequence[pa.Array]) -> Counter[str]:
    """Return how often each value of a column of any type occurs, as text; nulls are left out."""
    counted: Counter[str] = Counter()
    for array in map(columns.labels, sample):
        counted.update(_of_dictionary(array) if pa.types.is_dictionary(array.type) else _of_texts(array))
    return counted


def _of_texts(array: pa.Array) -> dict[str, int]:
    return dict(pl.Series(array).drop_nulls().value_counts(name="n").iter_rows())


def _of_dictionary(array: pa.Array) -> Counter[str]:
    """Count the codes: the texts of all rows are not laid out, as they may be long."""
    codes = columns.numbers(array.indices.drop_null().cast(pa.int64()))  # `to_numpy` would load pandas
    counts = np.bincount(codes.values, minlength=len(array.dictionary))
    counted: Counter[str] = Counter()
    for text, times in zip(array.dictionary.to_pylist(), counts.tolist(), strict=True):
        if times and text is not None:
            counted[text] += times
    return counted

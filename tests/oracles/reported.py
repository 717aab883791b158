"""What a comparison reports, worked out anew from the raw values of both columns."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from oracles import distances

from lakedrift.metric import Bins

__all__ = ["BINNED", "finite", "numbers", "recounted"]

BINNED: dict[str, Callable[[Sequence[int], Sequence[int]], float]] = {
    "psi": distances.psi,
    "total_variation": distances.total_variation,
    "jensen_shannon": distances.jensen_shannon,
    "chi_square": lambda reference, current: distances.chi_square(reference, current)[0],
    "cramers_v": lambda reference, current: math.sqrt(distances.chi_square(reference, current)[0] / sum([*reference, *current])),
}


def recounted(bins: Bins, column: pl.Series) -> list[int]:
    """Count the raw values of a column into bins that were reported, by their borders or names."""
    values = column.to_list()
    valid = [value for value in values if value is not None and value == value]
    slots = {"null": values.count(None), "NaN": len(values) - values.count(None) - len(valid)}
    n_slots = next(n for n in (2, 1, 0) if bins.labels[len(bins.labels) - n :] == ("null", "NaN")[:n] or (n == 1 and bins.labels[-1:] == ("NaN",)))
    names, told = bins.labels[: len(bins.labels) - n_slots], bins.labels[len(bins.labels) - n_slots :]
    counts = _between(valid, bins.edges) if bins.edges is not None else _named(valid, names)
    assert sum(counts) == len(valid)
    assert sum(slots[name] for name in told) + len(valid) == len(values)
    return [*counts, *(slots[name] for name in told)]


def numbers(column: pl.Series) -> np.ndarray[Any, Any]:
    """Return the valid values of a numeric column."""
    return column.drop_nulls().drop_nans().to_numpy() if column.dtype.is_float() else column.drop_nulls().to_numpy()


def finite(*columns: np.ndarray[Any, Any]) -> bool:
    return all(len(column) and bool(np.isfinite(column).all()) for column in columns)


def _between(values: list[Any], edges: Sequence[float]) -> list[int]:
    """Python compares integers and floats exactly, however large they are."""
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[bisect_right(edges, value)] += 1
    return counts


def _named(values: list[Any], names: Sequence[str]) -> list[int]:
    assert len(set(names)) == len(names)
    tally = Counter(str(value).lower() if isinstance(value, bool) else str(value) for value in values)
    return [sum(count for value, count in tally.items() if _is(value, name)) for name in names]


def _is(value: str, name: str) -> bool:
    low, dots, high = name.partition("…")
    return int(low) <= int(value) <= int(high) if dots and low else value == name

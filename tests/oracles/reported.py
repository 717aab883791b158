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

__all__ = ["BINNED", "numbers", "recounted"]

SLOTS = ("null", "NaN")
BINNED: dict[str, Callable[[Sequence[int], Sequence[int]], float]] = {
    "psi": distances.psi,
    "total_variation": distances.total_variation,
    "jensen_shannon": distances.jensen_shannon,
    "chi_square": lambda reference, current: distances.chi_square(reference, current)[0],
    "cramers_v": lambda reference, current: math.sqrt(
        distances.chi_square(reference, current)[0] / sum([*reference, *current])
    ),
}


def recounted(bins: tuple[Bins, Bins], columns: Sequence[list[Any]]) -> tuple[list[int], list[int]]:
    """Count the raw values of both columns into bins that were reported, by their borders or names."""
    parts = [_parts(column) for column in columns]
    told = [slot for slot in SLOTS if any(part[slot] for part in parts)]
    labels, edges = bins[0].labels, bins[0].edges
    names = labels[: len(labels) - len(told)]
    assert list(labels[len(names) :]) == told
    reference, current = (
        [
            *(_named(part["valid"], names) if edges is None else _between(part["valid"], edges)),
            *(len(part[slot]) for slot in told),
        ]
        for part in parts
    )
    assert [sum(reference), sum(current)] == [len(column) for column in columns]
    return reference, current


def _parts(values: list[Any]) -> dict[str, list[Any]]:
    nulls, nans = ([value for value in values if lacks(value)] for lacks in (_is_null, _is_nan))
    return {"null": nulls, "NaN": nans, "valid": [value for value in values if not _is_null(value) and not _is_nan(value)]}


def _is_null(value: Any) -> bool:
    return value is None


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def numbers(column: pl.Series) -> np.ndarray[Any, Any]:
    """Return the valid values of a numeric column."""
    return column.drop_nulls().drop_nans().to_numpy() if column.dtype.is_float() else column.drop_nulls().to_numpy()


def _between(values: list[Any], edges: Sequence[float]) -> list[int]:
    """Python compares integers and floats exactly, however large they are."""
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[bisect_right(edges, value)] += 1
    return counts


def _named(values: list[Any], names: Sequence[str]) -> list[int]:
    """Count values by their name; `3…5` is the name of the integers from 3 to 5."""
    assert len(set(names)) == len(names)
    tally = Counter(str(value).lower() if isinstance(value, bool) else str(value) for value in values)
    return [tally[name] if name in tally or "…" not in name else _in_range(tally, *name.split("…")) for name in names]


def _in_range(tally: Counter[str], low: str, high: str) -> int:
    return sum(count for value, count in tally.items() if int(low) <= int(value) <= int(high))

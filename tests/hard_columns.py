"""Numeric columns that break drift tools, as shapes to draw from and as finished pairs of columns to sweep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

__all__ = ["SHAPES", "hard_columns"]

Values = np.ndarray[Any, Any]
Random = np.random.Generator
MIDNIGHT = 1_767_225_600_000_000  # microseconds since 1970


def _zeros_and(random: Random, values: Values, share: float) -> Values:
    return np.where(random.random(len(values)) < share, 0.0, values)


def _infinities_and(random: Random, values: Values) -> Values:
    return np.where(random.random(len(values)) < 0.9, values, random.choice([-np.inf, np.inf], len(values)))


SHAPES: dict[str, Callable[[Random, int], Values]] = {
    "constant": lambda random, n: np.full(n, random.choice([0.0, 1.0, -3.7, 1e300])),
    "two values": lambda random, n: random.choice([1.0, 2.0], n, p=[0.9, 0.1]),
    "neighbours": lambda random, n: random.choice([1.0, np.nextafter(1.0, 2.0), np.nextafter(1.0, 0.0)], n),
    "normal": lambda random, n: random.normal(size=n),
    "inflated zero": lambda random, n: _zeros_and(random, random.lognormal(size=n), 0.6),
    "heavy tail": lambda random, n: random.lognormal(0.0, 3.0, n),
    "cauchy": lambda random, n: random.standard_cauchy(n),
    "far offset": lambda random, n: 1e9 + random.uniform(-1.0, 1.0, n),
    "two scales": lambda random, n: np.where(
        random.random(n) < 0.5, random.normal(1.0, 1e-3, n), random.normal(1.03, 1e-12, n)
    ),
    "an atom": lambda random, n: np.where(random.random(n) < 0.02, 0.5, random.normal(size=n)),
    "cents": lambda random, n: np.round(random.gamma(2.0, 20.0, n), 2),
    "float32": lambda random, n: random.normal(size=n).astype(np.float32),
    "subnormal": lambda random, n: random.integers(-3, 4, n) * 5e-324,
    "widest": lambda random, n: random.choice([-1.7e308, -1.0, 1e-300, 1.7e308], n),
    "infinities": lambda random, n: _infinities_and(random, random.normal(size=n)),
    "signed zeros": lambda random, n: random.choice([-0.0, 0.0, 1.0], n),
    "counts": lambda random, n: random.poisson(20.0, n),
    "int8": lambda random, n: random.integers(-128, 128, n).astype(np.int8),
    "integers": lambda random, n: random.integers(-(10**7), 10**7, n),
    "timestamps": lambda random, n: MIDNIGHT + random.integers(0, 86_400_000_000, n),
    "around 2**53": lambda random, n: 2**53 + random.integers(-3, 4, n),
    "around -2**53": lambda random, n: -(2**53) + random.integers(-3, 4, n),
    "beyond 2**53": lambda random, n: 2**53 + random.integers(0, 1_000, n),
    "int64": lambda random, n: random.integers(-(2**63), 2**63 - 1, n, endpoint=True),
    "uint64": lambda random, n: random.integers(0, 2**64 - 1, n, dtype=np.uint64, endpoint=True),
    "high uint64": lambda random, n: np.uint64(2**64 - 1) - random.integers(0, 50, n).astype(np.uint64),
}


def hard_columns(rows: int = 2_000) -> dict[str, tuple[pl.Series, pl.Series]]:
    """Return pairs of columns, reference and current, that are alike, drifted, or empty in every way."""
    random = np.random.default_rng(20_260_801)
    pairs = {name: tuple(pl.Series(shape(random, rows)) for _ in range(2)) for name, shape in SHAPES.items()}
    bell = pl.Series(random.normal(size=rows))
    some = pl.Series([None, np.nan, -np.inf, np.inf, -0.0, 0.0, 1.0] * (rows // 7), dtype=pl.Float64)
    nulls, nans, none = pl.Series([None] * rows, dtype=pl.Float64), pl.Series([np.nan] * rows), pl.Series([], dtype=pl.Float64)
    words = pl.Series(["a", "b", None, "twelve bytes", "thirteen chrs"] * (rows // 5))
    return {name: (one, other) for name, (one, other) in pairs.items()} | {
        "moved": (bell, bell + 0.35),
        "moved far offset": (1e9 + bell, 1e9 + bell + 0.1),
        "moved beyond 2**53": (pl.Series([2**53] * rows), pl.Series([2**53 + 1] * rows)),
        "moved uint64": (pl.Series([2**64 - 2] * rows, dtype=pl.UInt64), pl.Series([2**64 - 1] * rows, dtype=pl.UInt64)),
        "another constant": (pl.Series([1.0] * rows), pl.Series([np.nextafter(1.0, 2.0)] * rows)),
        "everything at once": (some, some.reverse()[: rows // 2]),
        "minus zero": (pl.Series([-0.0] * rows), pl.Series([0.0] * rows)),
        "infinite only": (pl.Series([np.inf] * rows), pl.Series([-np.inf] * rows)),
        "all null": (nulls, nulls),
        "all NaN": (nans, nans),
        "turned null": (bell, nulls),
        "turned NaN": (bell, nans),
        "out of nothing": (nulls, bell),
        "one row": (bell[:1], bell[1:2]),
        "one row of many": (bell, bell[:1]),
        "no rows": (none, none),
        "no current rows": (bell, none),
        "no reference rows": (none, bell),
        "words": (words, words.reverse()[: rows // 2]),
        "no words": (words, pl.Series([None] * rows, dtype=pl.String)),
        "truth": (pl.Series([True, False, None, True] * (rows // 4)), pl.Series([False] * rows)),
    }

"""What a profile says of each feature, for people: how many rows lack it, and where its values lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from lakedrift.alignment import align
from lakedrift.pairing import quantiles
from lakedrift.profiles import Profile
from lakedrift.summaries.distinct import Distinct
from lakedrift.summaries.frequencies import Frequencies
from lakedrift.summaries.numeric import Numeric
from lakedrift.text import legible

__all__ = ["overview"]

SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("feature", "kind", "dtype"), pl.String),
    **dict.fromkeys(("rows", "null", "nan", "values"), pl.Int64),
    **dict.fromkeys(("least", "median", "greatest", "mean"), pl.Float64),
    "commonest": pl.String,
    "commonest_rows": pl.Int64,
}


def overview(profile: Profile) -> pl.DataFrame:
    """Return one row a feature, in the order of the source.

    `values` is how many values differ, where that is known or estimated; `least`, `median`, `greatest` and `mean` are of
    numbers, where these are known, times in the unit of their type; `commonest` is the value of most rows among those that are
    counted by themselves.
    """
    rows = []
    for feature in profile.features:
        state, distinct = profile.state(feature.name), profile.distinct(feature.name)
        row: dict[str, Any] = {"feature": feature.name, "kind": feature.kind, "dtype": feature.dtype}
        row |= {name: int(getattr(state, name)[0]) for name in ("rows", "null", "nan")}
        if isinstance(state, Numeric):
            row |= _of_numbers(state, feature.dtype)
        if isinstance(state, Frequencies):
            row |= _of_categories(state)
        if isinstance(distinct, Distinct):
            row["values"] = round(float(distinct.estimate[0]))
        rows.append(row)
    return pl.DataFrame(rows, schema=SCHEMA)


def _of_numbers(state: Numeric, dtype: str) -> dict[str, float]:
    cells, _ = align(state, state).cells((dtype, dtype))
    if not cells.counts.any():
        return {}
    (median,), (mean, _) = quantiles(cells, [0.5]), state.moments()
    found = {"median": median, "mean": mean}
    found |= {"least": cells.edges[0], "greatest": cells.edges[-1]} if len(state.extremes) else {}
    return {name: float(value) for name, value in found.items() if np.isfinite(value)}


def _of_categories(state: Frequencies) -> dict[str, Any]:
    counts = state.counts[0]
    told: dict[str, Any] = {} if state.buckets is not None else {"values": len(counts)}
    if len(counts):
        at = int(counts.argmax())
        told |= {"commonest": legible(state.values[at]), "commonest_rows": int(counts[at])}
    return told

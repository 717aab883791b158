"""Profiles with groupings, made the slow and obvious way: every group is filtered out and profiled by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

import lakedrift as ld
from lakedrift.grouping import Grouping
from lakedrift.profiles import Profile
from lakedrift.summaries.distinct import Distinct
from lakedrift.summaries.frequencies import Frequencies
from lakedrift.summaries.numeric import Numeric
from lakedrift.summaries.presence import Presence
from lakedrift.window import ALL_TIME, NO_TIME, Every

__all__ = ["profile"]


def profile(
    frame: pl.DataFrame,
    *,
    by: Sequence[tuple[str, ...]] = (),
    time: str | None = None,
    every: str | None = None,
    like: Profile | None = None,
    **options,
) -> Profile:
    """Profile a frame with all its groups."""
    whole = ld.profile(frame, like=like, **options)
    length = None if every is None else Every.parse(every)
    windows = np.full(len(frame), ALL_TIME)
    if time is not None and length is not None:
        instants = frame[time].cast(pl.Datetime("us", "UTC")).to_physical().fill_null(NO_TIME).to_numpy()
        windows = length.starts(instants)
    keys = [*([()] if time is not None else []), *by]
    groupings = tuple(_grouping(frame, key, windows, length, whole, options) for key in keys)
    return replace(whole, groupings=groupings, time=time, every=length)


def _grouping(frame, keys, windows, every, whole, options) -> Grouping:
    labelled = frame.select(
        *(pl.col(key).cast(pl.String).alias(str(place)) for place, key in enumerate(keys)), pl.Series("window", windows)
    )
    table = labelled.unique().sort(labelled.columns)
    states, rows = {key: [] for key in whole.states}, []
    for row in table.iter_rows():
        chosen = pl.all_horizontal(pl.col(name).eq_missing(value) for name, value in zip(table.columns, row, strict=True))
        part = frame.filter(labelled.select(chosen).to_series())
        found = ld.profile(part, like=whole, **options)
        rows.append(found.rows)
        for key, state in found.states.items():
            states[key].append(state)
    values = tuple(table[str(place)] for place in range(len(keys)))
    stacked = {key: _stacked(parts) for key, parts in states.items()}
    return Grouping(keys, values, table["window"].to_numpy(), np.array(rows, np.int64), stacked, every)


def _stacked(parts):
    first = parts[0]
    rows, null = (np.concatenate([getattr(part, name) for part in parts]) for name in ("rows", "null"))
    if isinstance(first, Numeric):
        state = Numeric.of_groups(first.binning, len(parts))
        state.rows[:], state.null[:], state.nan[:] = rows, null, np.concatenate([part.nan for part in parts])
        state.cells[:] = np.concatenate([part.cells for part in parts])
        return state
    if isinstance(first, Frequencies):
        tallies = [Counter(dict(zip(part.values, part.counts[0].tolist(), strict=True))) for part in parts]
        return Frequencies(first.names, rows, null, tallies)
    assert isinstance(first, Presence | Distinct)
    return Presence(rows, null)

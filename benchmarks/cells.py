"""Millions of cells: how long it takes to compare every feature × segment × window, and to write it down, in how much memory.

A small lake is profiled, and each of its columns stands for many: they share their counts, so that the profile is small and the
comparison is as large as that of a wide lake.

    python -m benchmarks.cells [FEATURES [SEGMENTS [DAYS]]]      by default 500 × 100 × 365, 18.4 million with the whole lake
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from time import perf_counter, process_time
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

import lakedrift as ld
from lakedrift.profiles import Profile
from lakedrift.report import Canvas, report

__all__ = ["dated_profile", "widened"]

ROWS = 20  # a segment and day
COLUMNS = ("number", "integer", "word", "flag")


def dated_profile(segments: int, days: int) -> Profile:
    """Return the profile of a lake of four columns, by segment and day."""
    random = np.random.default_rng(1)
    n = segments * days * ROWS
    at = np.arange(n)
    frame = pl.DataFrame(
        {
            "segment": pl.Series(at % segments).cast(pl.String),
            "day": (pl.Series(at // (segments * ROWS)) + 19_000).cast(pl.Int32).cast(pl.Date),
            "number": random.normal(size=n),
            "integer": random.integers(0, 1_000, n),
            "word": np.array(["a", "b", "c", "d"])[random.integers(0, 4, n)],
            "flag": random.random(n) < 0.3,
        }
    )
    return ld.profile(frame, by=["segment"], time="day", every="1d", features=COLUMNS)


def widened(profile: Profile, features: int) -> Profile:
    """Return a profile of so many features, each of which has the counts of one of those that there are."""
    known = profile.features
    names = {f"{known[place % len(known)].name} {place}": known[place % len(known)] for place in range(features)}

    def shared(states: Mapping[Any, Any]) -> Mapping[Any, Any]:
        found = {
            (kind, (name,)): state
            for name, feature in names.items()
            for (kind, columns), state in states.items()
            if columns == (feature.name,)
        }
        return MappingProxyType(dict(sorted(found.items())))

    groupings = tuple(replace(grouping, states=shared(grouping.states)) for grouping in profile.groupings)
    wide = tuple(replace(feature, name=name) for name, feature in names.items())
    return replace(profile, features=wide, states=shared(profile.states), groupings=groupings)


def main(features: int = 500, segments: int = 100, days: int = 365) -> None:
    """Measure and print."""
    profile = widened(dated_profile(segments, days), features)
    comparison = _timed("compare", lambda: ld.compare(profile, min_rows=10, memory="16GB"))
    _timed("the verdict", lambda: comparison.verdict)
    _timed("rows that drifted", lambda: len(comparison.drifted))
    _timed("verdicts, in pieces", lambda: sum(map(len, comparison.verdict_tables())))
    _timed("rows, in pieces", lambda: sum(map(len, comparison.tables())))
    _timed("rows as Arrow, in pieces", lambda: sum(table.to_arrow().num_rows for table in comparison.tables()))
    for form in ("table", "parquet", "json"):
        _timed(f"bytes of {form}", partial(_written, comparison, form))


def _written(comparison: ld.Comparison, form: str) -> int:
    return sum(map(len, report(form).render(comparison, Canvas())))


def _timed(what: str, work: Callable[[], Any]) -> Any:
    began = perf_counter(), process_time()
    found = work()
    seconds = perf_counter() - began[0], process_time() - began[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{what:26} {found!s:>16.60}  {seconds[0]:7.1f} s  {seconds[1]:7.1f} s of processors  peak {peak:,} MiB", flush=True)
    return found


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

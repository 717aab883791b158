"""The part of a comparison that belongs to one segmentation: its measures, and the rows that they are of.

Everything is an array over the rows of the part until a table of some of them is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lakedrift.grouping import Grouping
from lakedrift.matching import Matches
from lakedrift.measure import EVERYTHING, Measure
from lakedrift.metric import Counts
from lakedrift.status import STATUSES
from lakedrift.threshold import LEVELS
from lakedrift.window import ALL_TIME

__all__ = ["NUMBERS", "ROWS", "TIME", "Part", "tables_of"]

TIME = pl.Datetime("us", "UTC")
NUMBERS = ("statistic", "lower", "upper", "reference_value", "current_value", "pvalue", "qvalue")
ROWS: dict[str, Any] = {
    **dict.fromkeys(("feature", "kind", "segment"), pl.String),
    **dict.fromkeys(("window_start", "window_end"), TIME),
    **dict.fromkeys(("against", "metric"), pl.String),
    **dict.fromkeys(NUMBERS, pl.Float64),
    **dict.fromkeys(("n_reference", "n_current"), pl.Int64),
    **dict.fromkeys(("warning_at", "critical_at"), pl.Float64),
    **dict.fromkeys(("limit_source", "status", "verdict", "detail"), pl.String),
}
Which = Counts | slice


@dataclass(frozen=True, eq=False)
class Part:
    """All measures of one segmentation.

    Attributes
    ----------
    matches
        Its rows: the groups of every measure.
    measures
        What was measured and judged, those of a feature one after the other.
    groupings
        The groups of both sides that the rows add up; None of whole lakes.
    """

    matches: Matches
    measures: tuple[Measure, ...]
    groupings: tuple[Grouping, Grouping] | None = None

    @property
    def whole(self) -> bool:
        """Whether it is one whole lake against another."""
        return not self.matches.keys and bool((self.matches.windows == ALL_TIME).all())

    @property
    def keys(self) -> list[str]:
        """The columns of the values of the keys."""
        return [f"by.{key}" for key in self.matches.keys]

    @property
    def of_gaps(self) -> bool:
        """Whether it says of windows that there is nothing to compare, so that there is nothing to see of them either."""
        return not self.matches.keys and bool(self.measures) and all(one.feature == EVERYTHING for one in self.measures)

    def axis(self, which: Which = slice(None)) -> pl.DataFrame:
        """Return what tells some rows apart: segment, window, what it is against, and the values of the keys."""
        matches = self.matches
        times = {"window_start": matches.windows[which], "window_end": matches.ends[which]}
        columns = [_times(name, instants) for name, instants in times.items()]
        against = pl.Series("against", matches.names, pl.String).gather(matches.against[which])
        segments = matches.segments[matches.segment[which]]
        return pl.DataFrame([*columns, against]).hstack(segments)

    def labels(self) -> list[str]:
        """Return the segments that there are rows of."""
        return self.matches.segments["segment"].gather(np.unique(self.matches.segment)).to_list()

    def of_segment(self, segment: str) -> NDArray[np.bool_]:
        """Return which rows are of the segment called so, (n,)."""
        found: NDArray[np.bool_] = (self.matches.segments["segment"] == segment).to_numpy()[self.matches.segment]
        return found

    def row(self, segment: str, window: int | None, against: str | None) -> Matches | None:
        """Return a row of a segment, None where there is none; no window is all time, or else the last.

        `window` is when it starts, in microseconds since 1970. Of several things it is against, None is the first.
        """
        rows = self._chosen(self.of_segment(segment), window, against)
        return self.matches.take(rows[:1]) if len(rows) else None

    def family(self, window: int | None, against: str | None) -> Counts:
        """Return the rows of all segments in a window, the last one if it is None; None is also the first it is against."""
        everything = np.ones(len(self.matches), bool)
        return self._chosen(everything, window, self.matches.names[0] if against is None else against)

    def _chosen(self, which: NDArray[np.bool_], window: int | None, against: str | None) -> Counts:
        matches = self.matches
        if against is not None:
            which = which & (np.array([name == against for name in matches.names])[matches.against])
        if window is not None:
            which = which & (matches.windows == window)
        rows = np.flatnonzero(which)
        return rows[matches.windows[rows] == matches.windows[rows].max()] if len(rows) else rows

    def rows(self, most: int) -> Iterator[pl.DataFrame]:
        """Yield tables of at most so many rows, one for each measure and group of it."""
        n = len(self.matches)
        together = max(1, most // (8 * max(1, n)))  # measures of few groups: to make a table takes longer than to fill it
        for first in range(0, len(self.measures), together):
            measures = self.measures[first : first + together]
            told = _told(measures)
            for start in range(0, n, most):
                which = slice(start, start + most)
                axis = pl.concat([self.axis(which)] * len(measures))
                table = axis.hstack(_columns(measures, which, min(most, n - start), told))
                yield table.select(*ROWS, *self.keys).cast(pl.Schema(ROWS))


def tables_of(parts: Sequence[Part], most: int) -> Iterator[pl.DataFrame]:
    """Yield the rows of all parts in tables of at least `most` rows and less than twice as many, but for the last."""
    columns = ROWS | {name: pl.String for part in parts for name in part.keys}
    waiting = [pl.DataFrame(schema=columns)]
    for frame in (frame for part in parts for frame in part.rows(most)):
        waiting.append(frame)
        if sum(map(len, waiting)) >= most:
            yield pl.concat(waiting, how="diagonal")
            waiting = waiting[:1]
    yield pl.concat(waiting, how="diagonal")


def _told(measures: Sequence[Measure]) -> pl.Series:
    """Return the details of all measures, one after the other, as JSON."""
    details = [one for measure in measures for one in measure.details]
    told = [json.dumps(one, allow_nan=False, separators=(",", ":"), ensure_ascii=False) for one in details]
    return pl.Series("detail", told, pl.String)


def _columns(measures: Sequence[Measure], which: slice, n: int, told: pl.Series) -> pl.DataFrame:
    """Return the columns of some rows, `n`, of each measure, those of one after those of the other."""
    of = np.repeat(np.arange(len(measures)), n)

    def values(name: str) -> Any:
        return np.concatenate([getattr(measure, name)[which] for measure in measures])

    firsts = np.cumsum([0, *(len(measure.details) for measure in measures[:-1])])
    first = np.zeros(n, np.int32)
    places = np.concatenate([first if measure.told is None else measure.told[which] for measure in measures])
    numbers = pl.DataFrame({name: values(name) for name in (*NUMBERS, "n_reference", "n_current")})
    words = [
        pl.Series("status", STATUSES).gather(values("status")),
        pl.Series("verdict", LEVELS).gather(values("levels")),
        told.gather(places + firsts[of]),
    ]
    return _constants(measures)[of].hstack(numbers.with_columns(pl.col(NUMBERS).fill_nan(None))).hstack(words)


def _constants(measures: Sequence[Measure]) -> pl.DataFrame:
    """Return a row a measure: what is the same in all of its rows."""
    limits = zip(*(measure.limit or (None, None, None) for measure in measures), strict=True)
    of_each: dict[str, Any] = {name: [getattr(measure, name) for measure in measures] for name in ("feature", "kind", "metric")}
    of_each |= zip(("warning_at", "critical_at", "limit_source"), limits, strict=True)
    return pl.DataFrame(of_each, schema={name: ROWS[name] for name in of_each})


def _times(name: str, instants: NDArray[np.int64]) -> pl.Series:
    dated = pl.Series(name, instants)
    return dated.set(dated == ALL_TIME, None).cast(TIME)

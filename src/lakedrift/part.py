"""The part of a comparison that belongs to one segmentation: its measures as tables, and the verdict of every row.

Everything is an array over the rows of the part until a table is asked for; of segments and windows, words are made for what
drifted only.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lakedrift.headline import headline
from lakedrift.matching import Matches
from lakedrift.measure import EVERYTHING, Measure
from lakedrift.metric import Counts, Floats
from lakedrift.pairing import Pair
from lakedrift.threshold import LEVELS
from lakedrift.window import ALL_TIME

__all__ = ["NUMBERS", "ROWS", "TIME", "VERDICTS", "Part"]

JUDGED = ("ok", "undecided")
WARNING = LEVELS.index("warning")
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
VERDICTS: dict[str, Any] = {
    **dict.fromkeys(("feature", "kind", "segment"), pl.String),
    **dict.fromkeys(("window_start", "window_end"), TIME),
    **dict.fromkeys(("against", "verdict", "decided_by", "status"), pl.String),
    **dict.fromkeys(("statistic", "warning_at", "critical_at"), pl.Float64),
    "headline": pl.String,
}
RANKED = (("level", pl.Int64), ("weight", pl.Float64))  # what verdicts are sorted by, the worst first


@dataclass(frozen=True, eq=False)
class Part:
    """All measures of one segmentation.

    Attributes
    ----------
    matches
        Its rows: the groups of every measure.
    measures
        What was measured and judged, those of a feature one after the other.
    """

    matches: Matches
    measures: tuple[Measure, ...]

    @property
    def whole(self) -> bool:
        """Whether it is one whole lake against another."""
        return not self.matches.keys and bool((self.matches.windows == ALL_TIME).all())

    @functools.cached_property
    def axis(self) -> pl.DataFrame:
        """Return what tells the rows apart: segment, window, what it is against, and the values of the keys."""
        matches = self.matches
        times = {"window_start": matches.windows, "window_end": matches.ends}
        columns = [_times(name, instants) for name, instants in times.items()]
        against = pl.Series("against", matches.names, pl.String).gather(matches.against)
        segments = matches.segments[matches.segment]
        return pl.DataFrame([*columns, against]).hstack(segments)

    @property
    def keys(self) -> list[str]:
        """The columns of the values of the keys."""
        return [f"by.{key}" for key in self.matches.keys]

    @property
    def of_gaps(self) -> bool:
        """Whether it says of windows that there is nothing to compare, so that there is nothing to see of them either."""
        return not self.matches.keys and bool(self.measures) and all(one.feature == EVERYTHING for one in self.measures)

    def row(self, segment: str, window: int | None, against: str | None) -> Matches | None:
        """Return a row of a segment, None where there is none; no window is all time, or else the last.

        `window` is when it starts, in microseconds since 1970. Of several things it is against, None is the first.
        """
        rows = self._chosen(self.axis["segment"].to_numpy() == segment, window, against)
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

    def rows(self) -> Iterator[pl.DataFrame]:
        """Yield a table for each measure, a row for each of its groups."""
        for measure in self.measures:
            yield self.axis.with_columns(_columns(measure)).select(*ROWS, *self.keys).cast(pl.Schema(ROWS))

    def verdicts(self, pair: Callable[[str], Pair]) -> pl.DataFrame:
        """Return a row for each feature and group, and by `level` and `weight` how bad it is; `pair` gives a whole feature."""
        order = [*VERDICTS, *self.keys, *(name for name, _ in RANKED)]
        together: dict[str, list[Measure]] = {}
        for measure in self.measures:
            together.setdefault(measure.feature, []).append(measure)
        return pl.concat(
            [
                self.axis.with_columns(self._decided(measures, functools.partial(pair, name)))
                .select(order)
                .cast(pl.Schema(VERDICTS))
                for name, measures in together.items()
            ]
        )

    def _decided(self, measures: Sequence[Measure], pair: Callable[[], Pair]) -> list[pl.Series | pl.Expr]:
        decision = _Decision.of(measures)
        chosen = [measures[at] for at in range(len(measures))]
        limits = [measure.limit or (np.nan, np.nan, "") for measure in chosen]
        judged = decision.levels > 0
        statistics = np.where(judged, decision.taken([measure.statistic for measure in chosen]), np.nan)
        tiers = (np.where(judged, np.array([limit[tier] for limit in limits])[decision.by], np.nan) for tier in (0, 1))
        metrics = pl.Series("decided_by", [measure.metric for measure in chosen]).gather(decision.by)
        return [
            pl.lit(measures[0].feature).alias("feature"),
            pl.lit(measures[0].kind).alias("kind"),
            pl.Series("verdict", LEVELS).gather(decision.levels),
            metrics.zip_with(pl.Series(judged), pl.Series([None], dtype=pl.String).new_from_index(0, len(metrics))),
            pl.Series("status", decision.status.tolist(), pl.String),
            *(
                pl.Series(name, values).fill_nan(None)
                for name, values in zip(("statistic", "warning_at", "critical_at"), (statistics, *tiers), strict=True)
            ),
            pl.Series("headline", self._words(chosen, decision, pair), pl.String),
            pl.Series("level", decision.levels),
            pl.Series("weight", decision.weight),
        ]

    def _words(self, measures: Sequence[Measure], decision: _Decision, pair: Callable[[], Pair]) -> list[str | None]:
        """Say what changed: of the whole lake in any case, of segments and windows where something did."""
        told = np.full(len(decision.levels), self.whole) | (decision.levels >= WARNING)
        if measures[0].feature == EVERYTHING:
            told |= decision.status != "ok"
        words: list[str | None] = [None] * len(told)
        for row in np.flatnonzero(told).tolist():
            measure = measures[decision.by[row]]
            words[row] = headline(measure, str(decision.status[row]), row, pair if self.whole else None)
        return words


@dataclass(frozen=True, eq=False)
class _Decision:
    """Which measure of a feature decides in each group, (n_groups,) each."""

    by: Counts
    levels: NDArray[np.int64]
    status: NDArray[np.object_]
    weight: Floats

    @classmethod
    def of(cls, measures: Sequence[Measure]) -> _Decision:
        """Decide by level, then by whether it is an absence or a drifted rate, then by size.

        A flood of nulls also moves the bins: the rate is the better word for it. Where nothing drifted, whatever could not be
        judged is what there is to say.
        """
        levels = np.stack([measure.levels for measure in measures])
        ranks, weights = (np.stack(side) for side in zip(*map(_rank, measures), strict=True))
        by = np.where(ranks == ranks.max(axis=0), weights, -np.inf).argmax(axis=0)
        groups = np.arange(len(by))
        status = np.stack([measure.status for measure in measures])
        level = levels[by, groups]
        unjudged = ~np.isin(status.astype(str), JUDGED)
        unjudged[:, level >= WARNING] = False
        last = len(measures) - 1 - unjudged[::-1].argmax(axis=0)
        by = np.where(unjudged.any(axis=0), last, by)
        found = status[by, groups]
        kind = measures[0].kind
        if kind in ("identifier", "temporal"):
            quiet = level < WARNING
            by, found = np.where(quiet, 0, by), np.where(quiet, kind, found)
        level = np.where((level < WARNING) & ~np.isin(found.astype(str), JUDGED), 0, level)
        return cls(by, level, found, weights[by, groups])

    def taken(self, values: Sequence[Floats]) -> Floats:
        """Return the values of the deciding measures, (n_groups,)."""
        return np.stack(values)[self.by, np.arange(len(self.by))]


def _rank(measure: Measure) -> tuple[NDArray[np.int64], Floats]:
    """How much a measure explains in each group: its level and kind, then its size."""
    if measure.metric == "presence":
        return 2 * measure.levels + 1, np.full(len(measure.levels), np.inf)
    known = ~np.isnan(measure.statistic) if measure.limit is not None else np.zeros(len(measure.levels), bool)
    told = known & (measure.levels >= WARNING) & measure.metric.endswith("_rate")
    scale = measure.limit[1] if measure.limit and measure.limit[1] else 1.0
    return 2 * measure.levels + told, np.where(known, measure.statistic / scale, -1.0)


def _columns(measure: Measure) -> list[pl.Series | pl.Expr]:
    constants = {"feature": measure.feature, "kind": measure.kind, "metric": measure.metric}
    limit = measure.limit or (None, None, None)
    tiers = dict(zip(("warning_at", "critical_at", "limit_source"), limit, strict=True))
    told = [json.dumps(one, allow_nan=False, separators=(",", ":"), ensure_ascii=False) for one in measure.details]
    return [
        *(pl.lit(value, ROWS[name]).alias(name) for name, value in (constants | tiers).items()),
        *(pl.Series(name, getattr(measure, name)).fill_nan(None) for name in NUMBERS),
        *(pl.Series(name, getattr(measure, name)) for name in ("n_reference", "n_current")),
        pl.Series("status", measure.status.tolist(), pl.String),
        pl.Series("verdict", LEVELS).gather(measure.levels),
        pl.Series("detail", told).gather(measure.told),
    ]


def _times(name: str, instants: NDArray[np.int64]) -> pl.Series:
    dated = pl.Series(name, instants)
    return dated.set(dated == ALL_TIME, None).cast(TIME)

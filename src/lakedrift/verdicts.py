"""The verdict of every feature in every row of a comparison.

What decides is an array of small numbers, a row a feature; tables are made of what is asked for, some rows at a time, and words
only for the whole lake and for what drifted.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lakedrift.headline import headline
from lakedrift.measure import EVERYTHING, Measure
from lakedrift.metric import Counts, Floats
from lakedrift.pairing import Pair
from lakedrift.part import TIME, Part
from lakedrift.status import JUDGED, STATUSES, Statuses, among, code
from lakedrift.threshold import LEVELS

__all__ = ["VERDICTS", "Verdicts"]

Levels = NDArray[np.int8]
PairOf = Callable[[str], Pair]
WARNING = LEVELS.index("warning")
NUMBERS = ("statistic", "warning_at", "critical_at")
VERDICTS: dict[str, Any] = {
    **dict.fromkeys(("feature", "kind", "segment"), pl.String),
    **dict.fromkeys(("window_start", "window_end"), TIME),
    **dict.fromkeys(("against", "verdict", "decided_by", "status"), pl.String),
    **dict.fromkeys(NUMBERS, pl.Float64),
    "headline": pl.String,
}


class Verdicts:
    """The verdicts of all parts of a comparison; `pair` gives both sides of a feature of the whole lake, for headlines."""

    def __init__(self, parts: Sequence[Part], pair: PairOf) -> None:
        self._parts = [_Decided.of(part, pair) for part in parts if part.measures]
        self._schema = pl.Schema(VERDICTS | {key: pl.String for part in parts for key in part.keys})

    def worst(self, segment: str | None) -> int:
        """Return the worst level of a segment, or of any."""
        return max((part.worst(segment) for part in self._parts), default=0)

    def counts(self) -> Sequence[int]:
        """Return how many verdicts there are of each of `LEVELS`."""
        counted = [np.bincount(part.levels.ravel(), minlength=len(LEVELS)) for part in self._parts]
        found: list[int] = np.sum([np.zeros(len(LEVELS), np.int64), *counted], axis=0).tolist()
        return found

    def chosen(self, feature: str | None, segment: str | None, least: int = 0) -> Sequence[Counts]:
        """Return the places, by part, of what is said of a feature, of a segment, or both, from some level on."""
        return [part.places(feature, segment, least) for part in self._parts]

    def each(self, segment: str | None) -> Sequence[Counts]:
        """Return the place of the worst verdict of each feature, of a segment or of any."""
        of, at = self._sorted(self.chosen(None, segment))
        names = pl.Series([name for part in self._parts for name in part.features], dtype=pl.String).rank("dense").to_numpy()
        first_of = np.cumsum([0, *(len(part.features) for part in self._parts)])[:-1]
        lengths = np.array([len(part) for part in self._parts], np.int64)
        feature = names[first_of[of] + at // lengths[of]]
        first = np.sort(np.unique(feature, return_index=True)[1])
        return [at[first][of[first] == number] for number in range(len(self._parts))]

    def tables(self, chosen: Sequence[Counts], most: int) -> Iterator[pl.DataFrame]:
        """Yield tables of at most so many rows, worst first; at least one, if empty."""
        of, at = self._sorted(chosen)
        for start in range(0, max(len(at), 1), most):
            yield self._table(of[start : start + most], at[start : start + most])

    def _sorted(self, chosen: Sequence[Counts]) -> tuple[NDArray[np.int16], Counts]:
        """Return which part each chosen place is of, and the place, the worst first and else in order, (n,) each."""
        none = np.empty(0, np.int64)
        ranks = [part.ranks(places) for part, places in zip(self._parts, chosen, strict=True)]
        levels, weights = (np.concatenate([none, *(rank[key] for rank in ranks)]) for key in (0, 1))
        order = np.lexsort((-weights, -levels))
        of = np.repeat(np.arange(len(chosen), dtype=np.int16), [len(places) for places in chosen])
        return of[order], np.concatenate([none, *chosen])[order]

    def _table(self, of: NDArray[np.int16], at: Counts) -> pl.DataFrame:
        tables = [part.table(at[of == number]) for number, part in enumerate(self._parts)]
        together = pl.concat([pl.DataFrame(schema=self._schema), *tables], how="diagonal")
        return together[np.argsort(np.argsort(of, kind="stable"), kind="stable")]


@dataclass(frozen=True, eq=False)
class _Decided:
    """Which measure of each feature decides in each row of a part.

    Attributes
    ----------
    part, pair
        Where it is so, and both sides of a feature.
    features, firsts
        The features, and which of the measures is the first of each, (n_features,).
    by
        (n_features, n_rows) which measure of the feature decides, from 0 on.
    levels, statuses, statistics
        (n_features, n_rows) the verdict, why, and the statistic that decided.
    """

    part: Part
    pair: PairOf
    features: Sequence[str]
    firsts: Counts
    by: NDArray[np.int8]
    levels: Levels
    statuses: Statuses
    statistics: Floats

    @classmethod
    def of(cls, part: Part, pair: PairOf) -> _Decided:
        together: dict[str, list[Measure]] = {}
        for measure in part.measures:
            together.setdefault(measure.feature, []).append(measure)
        firsts = np.cumsum([0, *map(len, together.values())])[:-1]
        shape = len(together), len(part.matches)
        by, levels, statuses = np.empty((3, *shape), np.int8)
        statistics = np.empty(shape)
        for place, measures in enumerate(together.values()):
            by[place], levels[place], statuses[place] = _decision(measures)
            statistics[place] = _taken(np.stack([measure.statistic for measure in measures]), by[place])
        return cls(part, pair, list(together), firsts, by, levels, statuses, statistics)

    def __len__(self) -> int:
        return len(self.part.matches)

    def worst(self, segment: str | None) -> int:
        levels = self.levels if segment is None else self.levels[:, self.part.of_segment(segment)]
        return int(levels.max(initial=0))

    def places(self, feature: str | None, segment: str | None, least: int) -> Counts:
        """Return places in the arrays, feature by feature, (n,)."""
        which = self.levels >= least
        if segment is not None:
            which &= self.part.of_segment(segment)
        if feature is not None:
            which &= np.array([name == feature for name in self.features])[:, None]
        return np.flatnonzero(which)

    def ranks(self, at: Counts) -> tuple[Levels, Floats]:
        """Return what the worst is found by: the level, then the statistic by its limit; an absence is worse than any."""
        absent, _, tiers = self._of_measures
        decided, statistics = self._deciding(at), self.statistics.ravel()[at]
        limits = tiers[decided, 1]
        known = ~np.isnan(limits) & ~np.isnan(statistics)
        weights = np.where(known, statistics / np.where(limits > 0, limits, 1.0), -1.0)
        return self.levels.ravel()[at], np.where(absent[decided], np.inf, weights)

    def table(self, at: Counts) -> pl.DataFrame:
        """Return the rows of `Comparison.verdicts()` at some places."""
        (feature, row), decided = np.divmod(at, len(self)), self._deciding(at)
        levels, statuses = self.levels.ravel()[at], self.statuses.ravel()[at]
        _, metrics, tiers = self._of_measures
        judged = levels > 0
        numbers = np.where(judged[:, None], np.column_stack([self.statistics.ravel()[at], tiers[decided]]), np.nan)
        columns = [
            pl.Series("feature", self.features, pl.String).gather(feature),
            pl.Series("kind", [measure.kind for measure in self.part.measures], pl.String).gather(decided),
            pl.Series("verdict", LEVELS).gather(levels),
            pl.Series("decided_by", [*metrics, None], pl.String).gather(np.where(judged, decided, len(metrics))),
            pl.Series("status", STATUSES).gather(statuses),
            *(pl.Series(name, numbers[:, place]).fill_nan(None) for place, name in enumerate(NUMBERS)),
            pl.Series("headline", self._words(decided, row, levels, statuses), pl.String),
        ]
        return self.part.axis(row).with_columns(columns).select(*VERDICTS, *self.part.keys).cast(pl.Schema(VERDICTS))

    def _words(self, decided: Counts, rows: Counts, levels: Levels, statuses: Statuses) -> list[str | None]:
        """Say what changed: of the whole lake in any case, of segments and windows where something did."""
        measures, whole = self.part.measures, self.part.whole
        as_such = np.array([measure.feature == EVERYTHING for measure in measures])[decided]
        words: list[str | None] = [None] * len(rows)
        for place in np.flatnonzero(whole | (levels >= WARNING) | as_such & ~among(statuses, "ok")).tolist():
            measure = measures[decided[place]]
            pair = functools.partial(self.pair, measure.feature) if whole else None
            words[place] = headline(measure, STATUSES[statuses[place]], int(rows[place]), pair)
        return words

    def _deciding(self, at: Counts) -> Counts:
        """Return which of all measures decides, (n,)."""
        decided: Counts = self.firsts[at // max(len(self), 1)] + self.by.ravel()[at]
        return decided

    @functools.cached_property
    def _of_measures(self) -> tuple[NDArray[np.bool_], list[str], Floats]:
        """Of every measure: whether it is of an absence, its metric, and its limits, (n_measures, 2)."""
        measures = self.part.measures
        limits = [measure.limit or (np.nan, np.nan, "") for measure in measures]
        metrics = [measure.metric for measure in measures]
        return np.array([name == "presence" for name in metrics]), metrics, np.array([limit[:2] for limit in limits])


def _decision(measures: Sequence[Measure]) -> tuple[Counts, Levels, Statuses]:
    """Return which measure of a feature decides in each row, and the verdict and why: (n_rows,) each.

    By level, then by whether it is an absence or a drifted rate, then by size: a flood of nulls also moves the bins, and the
    rate is the better word for it. Where nothing drifted, whatever could not be judged is what there is to say, or else what is
    undecided.
    """
    levels, statuses = (np.stack([getattr(measure, name) for measure in measures]) for name in ("levels", "status"))
    ranks, weights = (np.stack(side) for side in zip(*map(_rank, measures), strict=True))
    by = np.where(ranks == ranks.max(axis=0), weights, -np.inf).argmax(axis=0)
    level = _taken(levels, by)
    unjudged = ~among(statuses, *JUDGED)
    unjudged = np.where(unjudged.any(axis=0), unjudged, ~among(statuses, "ok")) & (level < WARNING)
    last = len(measures) - 1 - unjudged[::-1].argmax(axis=0)
    by = np.where(unjudged.any(axis=0), last, by)
    status, kind = _taken(statuses, by), measures[0].kind
    if kind in ("identifier", "temporal"):
        quiet = level < WARNING
        by, status = np.where(quiet, 0, by), np.where(quiet, code(kind), status)
    return by, np.where((level < WARNING) & ~among(status, *JUDGED), np.int8(0), level), status


def _taken(values: NDArray[Any], by: NDArray[Any]) -> Any:
    """Return of each row the value of one measure, (n_rows,), of all, (n_measures, n_rows)."""
    return values[by, np.arange(len(by))]


def _rank(measure: Measure) -> tuple[NDArray[np.int8], Floats]:
    """How much a measure explains in each group: its level and kind, then its size."""
    if measure.metric == "presence":
        return 2 * measure.levels + np.int8(1), np.full(len(measure.levels), np.inf)
    known = ~np.isnan(measure.statistic) if measure.limit is not None else np.zeros(len(measure.levels), bool)
    told = known & (measure.levels >= WARNING) & measure.metric.endswith("_rate")
    scale = measure.limit[1] if measure.limit and measure.limit[1] else 1.0
    return 2 * measure.levels + told, np.where(known, measure.statistic / scale, -1.0)

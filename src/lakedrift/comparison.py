"""The result: what changed between two profiles, feature by feature, with verdicts."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from lakedrift.headline import headline
from lakedrift.histogram import Histogram, draw
from lakedrift.measure import Measure, pair_of
from lakedrift.metric import Bins
from lakedrift.profiles import Profile
from lakedrift.threshold import LEVELS, Verdict

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["SCHEMA_VERSION", "Comparison", "Side"]

SCHEMA_VERSION = 1
JUDGED = ("ok", "undecided")
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


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison, for people: its name, rows, fragments and bytes as stored."""

    name: str
    rows: int
    fragments: int
    bytes: int

    @classmethod
    def of(cls, profile: Profile) -> Side:
        """Describe a profile."""
        return cls(profile.name, profile.rows, len(profile.fragments), sum(found.bytes for found in profile.fragments))


class Comparison:
    """What changed from a reference to a current profile.

    Parameters
    ----------
    reference, current
        The profiles, which stay reachable as `profiles`.
    measures
        What was measured and judged; its arrays are over the groups of the profiles.
    seconds
        How long the sweep took, None where nothing was read.
    """

    def __init__(self, reference: Profile, current: Profile, measures: Sequence[Measure], seconds: float | None = None) -> None:
        self.profiles = (reference, current)
        self.reference = Side.of(reference)
        self.current = Side.of(current)
        self.seconds = seconds
        self._measures = tuple(measures)

    def __repr__(self) -> str:
        counts = self.verdicts().get_column("verdict").value_counts()
        found = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.iter_rows()))
        return f"Comparison({self.reference.name!r} → {self.current.name!r}: {found or 'no feature'})"

    @property
    def verdict(self) -> Verdict:
        """The worst verdict on the whole lake; `none` if nothing was judged."""
        return LEVELS[max((LEVELS.index(verdict) for verdict in self.verdicts()["verdict"]), default=0)]

    @property
    def drifted(self) -> pl.DataFrame:
        """The rows of `verdicts()` at warning or above."""
        return self.verdicts().filter(pl.col("verdict").is_in(["warning", "critical"]))

    def verdicts(self) -> pl.DataFrame:
        """Return one row a feature, worst first: the verdict, the metric that decided, and what changed in words."""
        return self._verdicts

    def to_polars(self) -> pl.DataFrame:
        """Return one row a feature and metric, in the order of the features."""
        columns: dict[str, list[Any]] = {name: [] for name in ROWS}
        for measure in self._measures:
            for name, values in self._rows_of(measure).items():
                columns[name].extend(values)
        return pl.DataFrame(columns, schema=ROWS).with_columns(pl.col(name).fill_nan(None) for name in NUMBERS)

    def to_arrow(self) -> pa.Table:
        """Return `to_polars()` as an Arrow table."""
        return self.to_polars().to_arrow()

    def to_pandas(self) -> pd.DataFrame:
        """Return `to_polars()` as a pandas frame; pandas must be installed."""
        return self.to_polars().to_pandas()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for strict JSON: an infinite statistic is written as text."""
        sides = {name: _plain_side(getattr(self, name)) for name in ("reference", "current")}
        tables = {"verdicts": self.verdicts(), "metrics": self.to_polars()}
        rows = {name: [_plain(row) for row in table.iter_rows(named=True)] for name, table in tables.items()}
        return {"schema_version": SCHEMA_VERSION, "verdict": self.verdict, **sides, **rows}

    def bins(self, feature: str) -> tuple[Bins, Bins] | None:
        """Return the bins that the binned metrics of a feature rest on, both sides; None where there are none.

        Raises
        ------
        KeyError
            If a side lacks the feature.
        """
        return pair_of(*self.profiles, feature).bins

    def histogram(self, feature: str, *, segment: str = "", bins: int = 12) -> Histogram | None:
        """Return a small histogram of both sides to look at; None where there is nothing to draw.

        Numeric features get bins of equal width over the middle 98 % of both sides, others their most frequent categories.

        Raises
        ------
        KeyError
            If there is no such segment.
        """
        reference, current = self.profiles
        if segment not in reference.groups:
            raise KeyError(segment)
        if feature not in reference or feature not in current:
            return None
        return draw(pair_of(reference, current, feature), bins, reference.groups.index(segment))

    def unsettled(self, metric: str, *, undecided: bool) -> list[str]:
        """Return the features whose `metric` has bounds that differ, or only those with a limit within them."""
        return [
            measure.feature
            for measure in self._measures
            if measure.metric == metric
            and ((measure.status == "undecided").any() if undecided else (measure.lower < measure.upper).any())
        ]

    def _rows_of(self, measure: Measure) -> dict[str, Sequence[Any]]:
        groups = self.profiles[0].groups
        n = len(groups)
        limit = measure.limit or (None, None, None)
        arrays = {name: getattr(measure, name) for name in (*NUMBERS, "n_reference", "n_current", "status")}
        return {
            **{name: [value] * n for name, value in (("feature", measure.feature), ("kind", measure.kind))},
            "segment": groups,
            **dict.fromkeys(("window_start", "window_end"), [None] * n),
            "against": ["reference"] * n,
            "metric": [measure.metric] * n,
            **{name: values.tolist() for name, values in arrays.items()},
            **{name: [value] * n for name, value in zip(("warning_at", "critical_at", "limit_source"), limit, strict=True)},
            "verdict": [LEVELS[level] for level in measure.levels],
            "detail": [measure.detail_json] * n,
        }

    @functools.cached_property
    def _verdicts(self) -> pl.DataFrame:
        together: dict[str, list[Measure]] = {}
        for measure in self._measures:
            together.setdefault(measure.feature, []).append(measure)
        rows = [
            self._verdict_of(measures, group) for measures in together.values() for group in range(len(self.profiles[0].groups))
        ]
        rows.sort(key=lambda ranked: ranked[0], reverse=True)
        return pl.DataFrame([row for _, row in rows], schema=VERDICTS, orient="row")

    def _verdict_of(self, measures: Sequence[Measure], group: int) -> tuple[tuple[int, float], tuple[Any, ...]]:
        """One row of `verdicts()`, and what it is sorted by: the level, then how far beyond its limit."""
        decided = max(measures, key=lambda measure: _weight(measure, group))
        level, status = int(decided.levels[group]), str(decided.status[group])
        if level < LEVELS.index("warning"):
            decided, status = _unjudged(measures, group) or (decided, status)
            level = level if status in JUDGED else 0
        limit, statistic = decided.limit if level and decided.limit else (None, None, ""), float(decided.statistic[group])
        values = (decided.feature, decided.kind, self.profiles[0].groups[group], None, None, "reference", LEVELS[level])
        shown = statistic if level and not np.isnan(statistic) else None
        line = headline(decided, status, group, self._spread(decided))
        row = (*values, decided.metric if level else None, status, shown, limit[0], limit[1], line)
        return (level, _weight(decided, group)[2]), row

    def _spread(self, measure: Measure) -> Any:
        return functools.partial(pair_of, *self.profiles, measure.feature)


def _unjudged(measures: Sequence[Measure], group: int) -> tuple[Measure, str] | None:
    """Return why a feature within its limits is not judged all the same, and the measure that says so."""
    kind = measures[0].kind
    if kind in ("identifier", "temporal"):
        return measures[0], kind
    return next(((m, str(m.status[group])) for m in reversed(measures) if m.status[group] not in JUDGED), None)


def _weight(measure: Measure, group: int) -> tuple[int, bool, float]:
    """How much a measure explains: its level, then whether it is an absence or a drifted rate, then its size.

    A flood of nulls also moves the bins: the rate is the better word for it.
    """
    level = int(measure.levels[group])
    if measure.metric == "presence":
        return level, True, float("inf")
    statistic = float(measure.statistic[group])
    if measure.limit is None or np.isnan(statistic):
        return level, False, -1.0
    told = measure.metric.endswith("_rate") and level >= LEVELS.index("warning")
    return level, told, statistic / measure.limit[1] if measure.limit[1] else statistic


def _plain_side(side: Side) -> dict[str, Any]:
    return {name: getattr(side, name) for name in ("name", "rows", "fragments", "bytes")}


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, float) and np.isinf(value) else value for name, value in row.items()}

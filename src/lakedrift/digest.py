"""What a reader wants to know of a comparison: a line a feature, whatever the number of segments and windows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from lakedrift.comparison import Comparison
from lakedrift.dating import named
from lakedrift.story import Story, stories
from lakedrift.text import count, decimal, percent, plural, visible
from lakedrift.threshold import SIGNIFICANCE

__all__ = ["Digest", "Line"]

NOTHING = Story()
ROWS = "(rows)"  # what is said of a segment as such
LEAST_CHANGE = 0.1  # of a correlation that a reader is told of,
MOST_PAIRS = 20  # and of how many at most
REASONS = {
    "identifier": "identifier",
    "temporal": "timestamp",
    "insufficient_data": "too few rows",
    "undecided": "undecided within its bounds",
    "unsupported_type": "unsupported type",
    "missing_in_reference": "not in the reference",
    "label": "label of the model",
    "attribution": "attribution of the model",
    "immature": "too few labels yet",
    "not_a_probability": "scores outside [0, 1]",
}


@dataclass(frozen=True, slots=True)
class Line:
    """What a comparison says about one feature: a row of `Comparison.verdicts()`.

    Attributes
    ----------
    metric
        The metric that decided, None where none did.
    statistic, limit
        Its value, and the limit that the verdict was reached at.
    segment, window, against
        The row of the feature that is told: its worst one, of the whole lake unless the gate looks at segments.
    story
        Where and since when it drifts.
    """

    feature: str
    kind: str
    verdict: str
    status: str
    headline: str
    metric: str | None
    statistic: float | None
    limit: float | None
    segment: str = ""
    window: dt.datetime | None = None
    against: str | None = None
    story: Story = NOTHING

    @property
    def passed(self) -> bool:
        """Whether it is within its limits for certain."""
        return self.verdict == "ok" and self.status == "ok"

    @property
    def where(self) -> dict[str, Any]:
        """Which row of the feature is told, as `Comparison.histogram` takes it."""
        return {"segment": self.segment, "window": self.window, "against": self.against}

    @property
    def figures(self) -> str:
        """The value of the deciding metric and its limit, empty where no number decided."""
        if self.statistic is None or self.limit is None:
            return ""
        return f"{self.statistic:.2g} ≥ {decimal(self.limit)}"

    @property
    def decision(self) -> str:
        """The deciding metric, its value and its limit, empty where no number decided."""
        return f"{self.metric} {self.figures}" if self.figures else ""


@dataclass(frozen=True, slots=True)
class Digest:
    """The verdicts of a comparison, sorted out for a reader.

    Attributes
    ----------
    drifted
        The features at warning or critical, worst first.
    passed
        The features within their limits.
    unjudged
        The features that could not be judged, or may not be within their limits, by reason.
    elsewhere
        Of the others, those that drifted in segments or windows that the gate does not look at.
    segments
        The labels of segments that are `gone` or `new`.
    title
        The sides that are compared, or the one lake whose windows are.
    setting
        What the windows are, what they are compared with, and whom the gate looks at; empty where there are only whole lakes.
    untimed
        How many rows are in no window, of each side that has such rows.
    correlations
        The pairs of columns whose correlations changed most, beyond noise, in words, or that there are none, and how many are
        undefined; empty where correlations were not asked for.
    """

    drifted: list[Line]
    passed: list[Line]
    unjudged: dict[str, list[str]]
    elsewhere: dict[str, Story]
    segments: dict[str, list[str]]
    title: str
    setting: str
    untimed: list[str]
    correlations: list[str]

    @classmethod
    def of(cls, comparison: Comparison) -> Digest:
        """Sort out the verdicts of `comparison`, keeping their order: a line a feature."""
        drifted, as_such = comparison.drifted, comparison.verdicts(feature="")
        told = stories(drifted, comparison.verdicts(segment=""), comparison.every)
        lines = [_line(row, told, comparison) for row in comparison.worst().iter_rows(named=True)]
        changed = [line for line in lines if line.verdict in ("critical", "warning")]
        unjudged: dict[str, list[str]] = {}
        for line in lines:
            if line not in changed and not line.passed and line.feature != ROWS:
                unjudged.setdefault(REASONS.get(line.status, line.status), []).append(line.feature)
        shown = {line.feature for line in changed}
        return cls(
            drifted=changed,
            passed=[line for line in lines if line.passed and line.feature != ROWS],
            unjudged=unjudged,
            elsewhere={name: story for name, story in told.items() if name not in shown},
            segments={word: _labels(as_such, f"{word}_segment") for word in ("gone", "new")},
            title=_title(comparison),
            setting=" · ".join(_setting(comparison)),
            untimed=list(_untimed(comparison)),
            correlations=_correlations(comparison),
        )

    @property
    def asides(self) -> dict[str, list[str]]:
        """What else there is to know, by what is said of it: drift that the gate does not look at, gone segments and such."""
        elsewhere = [f"{visible(name)} ({story.places()})" for name, story in self.elsewhere.items()]
        found = {"drifted in segments only": elsewhere}
        found |= {f"{word} segments": list(map(visible, labels)) for word, labels in self.segments.items()}
        found["rows without a time"] = self.untimed
        found["correlations"] = self.correlations
        return {what: names for what, names in found.items() if names}

    @staticmethod
    def tally(lines: list[Line]) -> dict[str, int]:
        """Count `lines` by verdict, in their order."""
        return dict(Counter(line.verdict for line in lines))


def _title(comparison: Comparison) -> str:
    names = [visible(side.name) for side in (comparison.reference, comparison.current)]
    return names[0] if comparison.dated else " → ".join(names)


def _setting(comparison: Comparison) -> Iterator[str]:
    every = comparison.every
    if every is not None:
        yield f"windows of {every}, {every.zone}"
        yield f"against {', '.join(comparison.against)}"
    if comparison.baseline is not None:
        yield f"baseline {comparison.baseline}"
    if every is not None or comparison.gate == "segments":
        yield f"gate: {comparison.gate}"


def _untimed(comparison: Comparison) -> Iterator[str]:
    sides = (
        {"": comparison.reference} if comparison.dated else {"reference ": comparison.reference, "current ": comparison.current}
    )
    for name, side in sides.items():
        if side.untimed:
            yield f"{name}{count(side.untimed)} ({percent(side.untimed / side.rows)})"


def _correlations(comparison: Comparison) -> list[str]:
    table = comparison.correlations()
    changed = table.filter(pl.col("change").abs() >= LEAST_CHANGE, pl.col("qvalue") <= SIGNIFICANCE).head(MOST_PAIRS)
    told = [
        f"{visible(row['feature_a'])} × {visible(row['feature_b'])} {row['reference']:.2f} → {row['current']:.2f}"
        for row in changed.iter_rows(named=True)
    ]
    known = table["change"].count()
    if known and not told:
        told.append(f"none of {plural(known, 'pair')} changed by {LEAST_CHANGE} or more")
    return told if known == len(table) else [*told, f"{plural(len(table) - known, 'pair')} undefined"]


def _line(row: dict[str, Any], told: Mapping[str, Story], comparison: Comparison) -> Line:
    return Line(
        feature=row["feature"] or ROWS,
        kind=row["kind"],
        verdict=row["verdict"],
        status=row["status"],
        headline=_headline(row, comparison),
        metric=row["decided_by"],
        statistic=row["statistic"],
        limit=row["critical_at"] if row["verdict"] == "critical" else row["warning_at"],
        segment=row["segment"],
        window=row["window_start"],
        against=row["against"],
        story=told.get(row["feature"], NOTHING),
    )


def _headline(row: dict[str, Any], comparison: Comparison) -> str:
    """Say what changed, and of which segment and window that is true, and of several things to compare with, against which."""
    words, window, every = row["headline"], row["window_start"], comparison.every
    if not words:
        return ""
    parts = [f"{row['segment']}:"] if row["segment"] else []
    parts.append(words)
    if window is not None and every is not None:
        parts.append(named(window, every))
    if len(comparison.against) > 1 and (row["segment"] or window is not None):
        parts.append(f"against {row['against']}")
    return " ".join(parts)


def _labels(as_such: pl.DataFrame, status: str) -> list[str]:
    return as_such.filter(pl.col("status") == status)["segment"].unique(maintain_order=True).to_list()

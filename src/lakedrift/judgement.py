"""From two profiles to a comparison: measure every feature, weigh the evidence, judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakedrift.comparison import Comparison, Gate
from lakedrift.contingency import two_shares_pvalue
from lakedrift.errors import SchemaError
from lakedrift.gaps import Gaps
from lakedrift.matching import Matches, whole_lake
from lakedrift.measure import EVERYTHING, Measure, absences, lost_keys, measures, pair_of
from lakedrift.metric import Metric, discover, metric
from lakedrift.pairing import Pair
from lakedrift.part import Part
from lakedrift.performance import Performance, performances
from lakedrift.performing import attributed, performed
from lakedrift.profiles import Profile
from lakedrift.sides import groups_of, sides_of
from lakedrift.telling import told_distinct
from lakedrift.threshold import LEVELS, RATES, SIGNIFICANCE, Thresholds, false_discovery_rate
from lakedrift.windowing import Choice, Matched, gaps_between, matched

__all__ = ["Rules", "chosen_metrics", "chosen_performances", "judge", "measured"]

SHOWN = ("label", "attribution")  # roles of columns that the model is judged by: what they show is not drift of the data
CRITICAL_ABSENCES = ("missing_in_current", "type_changed", "no_rows", "no_valid_values")


def chosen_metrics(names: Sequence[str] | None) -> dict[str, Metric]:
    """Return the metrics to compute: all, or those named and the rates, which every feature is judged by.

    Raises
    ------
    UnknownNameError
        If there is no such metric.
    """
    known = discover()
    wanted = list(known) if names is None else [name for name in names if name not in performances() and metric(name)]
    return {name: known[name] for name in dict.fromkeys([*RATES, *wanted])}


def chosen_performances(names: Sequence[str] | None) -> dict[str, Performance]:
    """Return the measures of performance to compute: all, or those named."""
    return {name: found for name, found in performances().items() if names is None or name in names}


@dataclass(frozen=True, slots=True)
class Rules:
    """By what a comparison is judged: metrics, limits, the fewest valid rows, and whether distances are to be settled.

    `performances` are the measures of a model, where the profiles have one.
    """

    metrics: Mapping[str, Metric]
    thresholds: Thresholds
    min_rows: int
    exact: bool = False
    performances: Mapping[str, Performance] = field(default_factory=performances)


def measured(reference: Profile, current: Profile, name: str, rules: Rules) -> list[Measure]:
    """Return what is measured of a feature of the whole lake, not yet judged."""
    return _of_the_whole(pair_of(reference, current, name), rules)


def judge(
    reference: Profile,
    current: Profile | None,
    rules: Rules,
    choice: Choice | None = None,
    gate: Gate = "lake",
    settled: Mapping[str, Sequence[Measure]] | None = None,
) -> Comparison:
    """Compare two profiles, or the windows of one with one another.

    With `rules.exact`, what is not the statistic of single values though it could be is `undecided`; of whole lakes only, as
    groups have no second scan. `choice` says what windows are compared with; None is the default. `settled` holds what further
    scans measured of features of the whole lake.

    Raises
    ------
    SchemaError
        If they have no feature in common.
    ConfigError, IncompatibleProfilesError
        If there are no windows to choose from, or the two are not grouped alike.
    """
    after = reference if current is None else current
    if not any(feature.name in after for feature in reference.features):
        msg = f"{reference.name!r} and {after.name!r} have no column in common"
        raise SchemaError(msg, hint=_columns(reference, after))
    choice = choice or Choice()
    parts = [_Open(one) for one in matched(reference, current, choice)]
    if current is not None:
        parts.insert(0, _Open(Matched(whole_lake(reference.rows, current.rows))))
    names = [feature.name for feature in (*reference.features, *after.features)]
    for name in dict.fromkeys(names):
        _measure(reference, after, name, parts, rules, (settled or {}).get(name))
    for lost in lost_keys(reference, after):
        parts[0].found.append(lost.over(len(parts[0].matches)))
    for part in parts:
        sides = (reference, after), part.matches, part.of.groupings
        part.found += performed(*sides, rules.performances, rules.min_rows) + attributed(*sides, rules.min_rows)
    shown = {feature.name: feature.role for feature in (*reference.features, *after.features) if feature.role in SHOWN}
    judged = [part.judged(rules, shown) for part in parts]
    gaps = gaps_between(reference, current, choice)
    if gaps is not None:
        judged.append(_of_gaps(gaps, rules.min_rows))
    return Comparison(reference, after, judged, gate, baseline=choice.baseline)


@dataclass(eq=False)
class _Open:
    """A part of a comparison to which measures are still added."""

    of: Matched
    found: list[Measure] = field(default_factory=list)

    @property
    def matches(self) -> Matches:
        return self.of.matches

    def add(self, whole: Pair, rules: Rules, settled: Sequence[Measure] | None) -> None:
        """Measure a feature that both sides have."""
        if self.of.groupings is None:
            self.found += settled or _of_the_whole(whole, rules)
        elif len(self.matches):
            blocks = [
                measures(sides, rules.metrics, rules.min_rows)
                for sides in sides_of(groups_of(whole, *self.of.groupings), self.matches)
            ]
            shared: dict[tuple[int, ...], NDArray[Any]] = {}
            joined = [Measure.joined(parts, shared) for parts in zip(*blocks, strict=True)]
            self.found += [_with_segments(one, self.matches) for one in joined if one.applies]

    def judged(self, rules: Rules, shown: Mapping[str, str]) -> Part:
        """Return the finished part; of columns that are `shown` only what the caller sets limits for is judged."""
        for measure in self.found:
            if measure.feature in shown and not _is_configured(measure, rules.thresholds):
                measure.status[measure.status == "ok"] = shown[measure.feature]
        _weigh(self.found, self.matches.families)
        for measure in self.found:
            if measure.feature not in shown or _is_configured(measure, rules.thresholds):
                _judge(measure, rules.thresholds)
            if rules.exact and self.of.groupings is None:
                measure.status[(measure.status == "ok") & _open(measure, rules.metrics)] = "undecided"
        segments = [_segments(self.matches, rules.min_rows)] if self.matches.keys and len(self.matches) else []
        return Part(self.matches, (*segments, *self.found))


def _of_the_whole(whole: Pair, rules: Rules) -> list[Measure]:
    return measures(whole.sides, rules.metrics, rules.min_rows, told_distinct(whole))


def _measure(
    reference: Profile,
    current: Profile,
    name: str,
    parts: Sequence[_Open],
    rules: Rules,
    settled: Sequence[Measure] | None,
) -> None:
    """Measure a feature in every part; of what keeps it from being measured, the first one tells."""
    absence = absences(reference, current, name)
    if absence is not None and parts:
        parts[0].found.append(absence.over(len(parts[0].matches)))
        still_numbers = (
            absence.status[0] == "type_changed" and reference.state(name).KIND == current.state(name).KIND == "numeric"
        )
        if not still_numbers:
            return
    whole = pair_of(reference, current, name)
    for part in parts:
        part.add(whole, rules, settled)


def _open(measure: Measure, metrics: Mapping[str, Metric]) -> NDArray[np.bool_]:
    """Return where a second scan should have closed the bounds and did not, and where categories share bins, (n_groups,)."""
    closes = measure.metric in metrics and metrics[measure.metric].doubts is not None
    unsettled: NDArray[np.bool_] = (measure.lower < measure.upper) & closes
    return unsettled | measure.approximate


def _columns(reference: Profile, current: Profile) -> str:
    sides = (", ".join(feature.name for feature in side.features[:5]) or "none" for side in (reference, current))
    return "columns are {} … and {} …".format(*sides)


def _with_segments(measure: Measure, matches: Matches) -> Measure:
    """Say of segments that only one side has that they are new or gone, and nothing else."""
    before, now = matches.rows
    measure.status[before == 0] = "new_segment"
    measure.status[now == 0] = "gone_segment"
    return measure


def _segments(matches: Matches, min_rows: int) -> Measure:
    """Return which share of the lake each segment holds, in its window, and which are new or gone: of all features together.

    What the reference has and the current side lacks is critical, if the reference has at least `min_rows` rows of it and its
    absence is beyond noise; a new one informs.
    """
    (before, now), lake = matches.rows, matches.lake_rows
    shares = before / lake[0], now / lake[1]
    change = np.abs(shares[1] - shares[0])
    pvalue = two_shares_pvalue(before, now, *lake)
    status = np.full(len(matches), "ok", object)
    arrays = (change, change, change, pvalue, *shares, before, now, status)
    measure = _with_segments(Measure(EVERYTHING, "segment", "segment_share", *arrays), matches)
    measure.qvalue = false_discovery_rate(pvalue, matches.families)
    missed = (now == 0) & (before >= min_rows) & (measure.qvalue <= SIGNIFICANCE)
    measure.levels = np.where(missed, LEVELS.index("critical"), np.where(status == "ok", LEVELS.index("ok"), 0))
    return measure


def _of_gaps(gaps: Gaps, min_rows: int) -> Part:
    """Say of windows that they have no rows, or no past, of all features together.

    What is expected of a gap is critical, if its past has at least `min_rows` rows; all else informs.
    """
    (before, now), none = gaps.matches.rows, np.full(len(gaps.matches), np.nan)
    status = np.where(now == 0, "no_rows", "no_past").astype(object)
    measure = Measure(EVERYTHING, "window", "window_rows", none, none, none, none, none, none, before, now, status)
    measure.levels = np.where(gaps.expected & (before >= min_rows), LEVELS.index("critical"), 0)
    return Part(gaps.matches, (measure,))


def _weigh(found: Sequence[Measure], families: NDArray[np.int64]) -> None:
    """Adjust p-values for the number of features and segments looked at: one family a metric, window and segmentation.

    Only what is judged counts.
    """
    for name in {measure.metric for measure in found}:
        family = [measure for measure in found if measure.metric == name]
        pvalues = np.concatenate([np.where(measure.status == "ok", measure.pvalue, np.nan) for measure in family])
        qvalues = false_discovery_rate(pvalues, np.tile(families, len(family)))
        for measure, values in zip(family, np.split(qvalues, len(family)), strict=True):
            measure.qvalue = values


def _is_configured(measure: Measure, thresholds: Thresholds) -> bool:
    limit = thresholds.limit(measure.feature, measure.kind, measure.metric)
    return limit is not None and limit.source == "config"


def _judge(measure: Measure, thresholds: Thresholds) -> None:
    if measure.metric == "presence":
        critical = np.isin(measure.status.astype(str), CRITICAL_ABSENCES)
        measure.levels = np.where(critical, LEVELS.index("critical"), 0)
        return
    limit = thresholds.limit(measure.feature, measure.kind, measure.metric)
    if limit is None:
        return
    measure.limit = (limit.warning, limit.critical, limit.source)
    levels, undecided = limit.verdicts(measure.lower, measure.upper, measure.qvalue)
    judged = measure.status == "ok"
    measure.levels = np.where(judged, levels, 0)
    measure.status[judged & undecided] = "undecided"

"""From two profiles to a comparison: measure every feature, weigh the evidence, judge."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakedrift.comparison import Comparison
from lakedrift.contingency import two_shares_pvalue
from lakedrift.errors import SchemaError
from lakedrift.gate import Gate
from lakedrift.matching import Matches, whole_lake
from lakedrift.measure import EVERYTHING, Measure, absences, lost_keys, measures, pair_of
from lakedrift.memory import check_comparison, default_budget
from lakedrift.metric import Cells, Metric, Presence, discover, metric
from lakedrift.pairing import Pair
from lakedrift.part import Part
from lakedrift.performance import Performance, performances
from lakedrift.performing import attributed, performed
from lakedrift.profiles import Profile
from lakedrift.sides import groups_of, sides_of
from lakedrift.status import among, code, same
from lakedrift.telling import told_distinct
from lakedrift.threads import each
from lakedrift.threshold import LEVELS, RATES, SIGNIFICANCE, Thresholds, false_discovery_rate
from lakedrift.weighing import give_verdicts, set_undecided, weigh
from lakedrift.windowing import Choice, Matched, gaps_between, matched

__all__ = ["Rules", "chosen_metrics", "chosen_performances", "judge", "measured"]

MEASURED_AT_A_TIME, MANY_ROWS = 2, 1000  # features of many groups or known values: kernels hold no lock, the rest does
NONE, OK, CRITICAL = (np.int8(LEVELS.index(level)) for level in ("none", "ok", "critical"))
SHOWN = ("label", "attribution")  # roles of columns that the model is judged by: what they show is not drift of the data


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


def measured(reference: Profile, current: Profile, names: Collection[str], rules: Rules) -> dict[str, list[Measure]]:
    """Return what is measured of features of the whole lake, by name, not yet judged."""
    pairs = [pair_of(reference, current, name) for name in names]
    return dict(zip(names, each(functools.partial(_of_the_whole, rules=rules), pairs, MEASURED_AT_A_TIME), strict=True))


def judge(
    reference: Profile,
    current: Profile | None,
    rules: Rules,
    choice: Choice | None = None,
    gate: Gate = "lake",
    settled: Mapping[str, Sequence[Measure]] | None = None,
    memory: int | None = None,
) -> Comparison:
    """Compare two profiles, or the windows of one with one another.

    With `rules.exact`, what is not the statistic of single values though it could be is `undecided`; of whole lakes only, as
    groups have no second scan. `choice` says what windows are compared with; None is the default. `settled` holds what further
    scans measured of features of the whole lake. `memory` is how many bytes it may take, None for half of this machine.

    Raises
    ------
    ResourceError
        If there is more to compare than memory holds.
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
    limit = default_budget() if memory is None else memory
    names = dict.fromkeys(feature.name for feature in (*reference.features, *after.features))
    n_rows, n_measures = sum(len(part.matches) for part in parts), _n_measures(reference, after, rules.metrics)
    check_comparison(n_rows, n_measures, len(names), limit)
    measure = functools.partial(_measures, reference, after, parts, rules, settled or {})
    for found in each(measure, names, MEASURED_AT_A_TIME if n_rows >= MANY_ROWS else 1):
        for part, more in zip(parts, found, strict=True):
            part.found += more
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
    return Comparison(reference, after, judged, gate, baseline=choice.baseline, memory=limit)


@dataclass(eq=False)
class _Open:
    """A part of a comparison to which measures are still added."""

    of: Matched
    found: list[Measure] = field(default_factory=list)

    @property
    def matches(self) -> Matches:
        return self.of.matches

    def measured(self, whole: Pair, rules: Rules, settled: Sequence[Measure] | None) -> Sequence[Measure]:
        """Return what is measured of a feature that both sides have."""
        if self.of.groupings is None:
            return settled or _of_the_whole(whole, rules)
        if not len(self.matches):
            return ()
        blocks = [
            measures(sides, rules.metrics, rules.min_rows)
            for sides in sides_of(groups_of(whole, *self.of.groupings), self.matches)
        ]
        shared: dict[tuple[int, ...], NDArray[Any]] = {}
        joined = [Measure.joined(parts, shared) for parts in zip(*blocks, strict=True)]
        for one in joined:
            if rules.metrics[one.metric].view is Presence:
                one.n_reference, one.n_current = self.matches.rows  # which all features have in common
        return [_with_segments(one, self.matches) for one in joined if one.applies]

    def judged(self, rules: Rules, shown: Mapping[str, str]) -> Part:
        """Return the finished part; of columns that are `shown` only what the caller sets limits for is judged."""
        kept = [one for one in self.found if one.feature in shown and not _is_configured(one, rules.thresholds)]
        for measure in kept:
            measure.status = np.where(among(measure.status, "ok"), code(shown[measure.feature]), measure.status)
        weigh(self.found, self.matches.families)
        unjudged = np.broadcast_to(NONE, len(self.matches))
        for measure in self.found:
            measure.levels = unjudged
            if measure not in kept:
                give_verdicts(measure, rules.thresholds)
            if rules.exact and self.of.groupings is None:
                set_undecided(measure, among(measure.status, "ok") & _open(measure, rules.metrics))
        segments = [_segments(self.matches, rules.min_rows)] if self.matches.keys and len(self.matches) else []
        return Part(self.matches, (*segments, *self.found), self.of.groupings)


def _n_measures(reference: Profile, current: Profile, metrics: Mapping[str, Metric]) -> int:
    """Return how many metrics of all features together there are at most."""
    cells = sum(metric.view is Cells for metric in metrics.values())
    numeric = [reference.state(feature.name).KIND == "numeric" for feature in reference.features if feature.name in current]
    return len(numeric) * len(metrics) - numeric.count(False) * cells


def _of_the_whole(whole: Pair, rules: Rules) -> list[Measure]:
    return measures(whole.sides, rules.metrics, rules.min_rows, told_distinct(whole))


def _measures(
    reference: Profile,
    current: Profile,
    parts: Sequence[_Open],
    rules: Rules,
    settled: Mapping[str, Sequence[Measure]],
    name: str,
) -> list[list[Measure]]:
    """Return what is measured of a feature in every part; of what keeps it from being measured, the first one tells."""
    found: list[list[Measure]] = [[] for _ in parts]
    absence = absences(reference, current, name)
    if absence is not None and parts:
        found[0].append(absence.over(len(parts[0].matches)))
        still_numbers = (
            absence.status[0] == code("type_changed") and reference.state(name).KIND == current.state(name).KIND == "numeric"
        )
        if not still_numbers:
            return found
    whole = pair_of(reference, current, name)
    for part, more in zip(parts, found, strict=True):
        more += part.measured(whole, rules, settled.get(name))
    return found


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
    measure.status[before == 0] = code("new_segment")
    measure.status[now == 0] = code("gone_segment")
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
    arrays = (change, change, change, pvalue, *shares, before, now, same("ok", len(matches)))
    measure = _with_segments(Measure(EVERYTHING, "segment", "segment_share", *arrays), matches)
    measure.qvalue = false_discovery_rate(pvalue, matches.families)
    missed = (now == 0) & (before >= min_rows) & (measure.qvalue <= SIGNIFICANCE)
    held = among(measure.status, "ok")
    measure.levels = np.where(missed, CRITICAL, np.where(held, OK, NONE))
    return measure


def _of_gaps(gaps: Matches, min_rows: int) -> Part:
    """Say of windows that they have no rows, or no past, of all features together.

    A gap is critical if one of its windows usually has at least `min_rows` rows; all else informs.
    """
    (usual, now), none = gaps.rows, np.full(len(gaps), np.nan)
    status = np.where(now == 0, code("no_rows"), code("no_past"))
    measure = Measure(EVERYTHING, "window", "window_rows", none, none, none, none, none, none, usual, now, status)
    measure.qvalue, measure.levels = none, np.where((now == 0) & (usual >= max(min_rows, 1)), CRITICAL, NONE)
    return Part(gaps, (measure,))


def _is_configured(measure: Measure, thresholds: Thresholds) -> bool:
    limit = thresholds.limit(measure.feature, measure.kind, measure.metric)
    return limit is not None and limit.source == "config"

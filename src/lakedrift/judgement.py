"""From two profiles to a comparison: measure every feature, weigh the evidence, judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lakedrift.comparison import Comparison
from lakedrift.errors import SchemaError
from lakedrift.measure import Measure, absences, measures, pair_of
from lakedrift.metric import Metric, discover, metric
from lakedrift.profiles import Profile
from lakedrift.threshold import LEVELS, RATES, Thresholds, false_discovery_rate

__all__ = ["chosen_metrics", "judge"]

CRITICAL_ABSENCES = ("missing_in_current", "type_changed", "no_rows", "no_valid_values")


def chosen_metrics(names: Sequence[str] | None) -> dict[str, Metric]:
    """Return the metrics to compute: all, or those named and the rates, which every feature is judged by.

    Raises
    ------
    UnknownNameError
        If there is no such metric.
    """
    known = discover()
    wanted = list(known) if names is None else [name for name in names if metric(name)]
    return {name: known[name] for name in dict.fromkeys([*RATES, *wanted])}


def judge(
    reference: Profile,
    current: Profile,
    *,
    metrics: Mapping[str, Metric],
    thresholds: Thresholds,
    min_rows: int,
    exact: bool = False,
) -> Comparison:
    """Compare two profiles; with `exact`, what is not the statistic of single values though it could be is `undecided`.

    Raises
    ------
    SchemaError
        If they have no feature in common.
    """
    names = [feature.name for feature in reference.features]
    shared = [name for name in names if name in current]
    if not shared:
        msg = f"{reference.name!r} and {current.name!r} have no column in common"
        raise SchemaError(msg, hint=_columns(reference, current))
    found: list[Measure] = []
    for name in [*names, *(feature.name for feature in current.features if feature.name not in reference)]:
        found.extend(_measured(reference, current, name, metrics, min_rows))
    _weigh(found)
    for measure in found:
        _judge(measure, thresholds)
        if exact:
            measure.status[(measure.status == "ok") & _open(measure, metrics)] = "undecided"
    return Comparison(reference, current, found)


def _open(measure: Measure, metrics: Mapping[str, Metric]) -> NDArray[np.bool_]:
    """Return where a second scan should have closed the bounds and did not, and where categories share bins, (n_groups,)."""
    closes = measure.metric in metrics and metrics[measure.metric].doubts is not None
    unsettled: NDArray[np.bool_] = (measure.lower < measure.upper) & closes
    return unsettled | measure.approximate


def _columns(reference: Profile, current: Profile) -> str:
    sides = (", ".join(feature.name for feature in side.features[:5]) or "none" for side in (reference, current))
    return "columns are {} … and {} …".format(*sides)


def _measured(reference: Profile, current: Profile, name: str, metrics: Mapping[str, Metric], min_rows: int) -> list[Measure]:
    absence = absences(reference, current, name)
    if absence is None:
        return measures(pair_of(reference, current, name), metrics, min_rows)
    still_numbers = absence.status[0] == "type_changed" and reference.state(name).KIND == current.state(name).KIND == "numeric"
    return [absence, *(measures(pair_of(reference, current, name), metrics, min_rows) if still_numbers else ())]


def _weigh(found: Sequence[Measure]) -> None:
    """Adjust p-values for the number of features looked at: one family a metric and group, only what is judged."""
    for name in {measure.metric for measure in found}:
        family = [measure for measure in found if measure.metric == name]
        pvalues = np.array([np.where(measure.status == "ok", measure.pvalue, np.nan) for measure in family])
        for group in range(pvalues.shape[1]):
            for measure, qvalue in zip(family, false_discovery_rate(pvalues[:, group]), strict=True):
                measure.qvalue[group] = qvalue


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

"""How well a model does on both sides, and by how much worse it has become: measures like those of a feature.

The statistic is the drop, more is worse: in the unit of the measure, or of what has a unit, as a share of the reference. Its
p-value is that of no drop at all, from the standard errors of both sides. The details say the drop as a share of the reference,
(reference - current) / reference, its 95 % interval, and where the current side would lie by chance alone, in three standard
errors of as many rows as it has, if it did as the reference does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakedrift.answers import Answers, answers_of, model_of
from lakedrift.grouping import Grouping
from lakedrift.importance import importances, ndcg
from lakedrift.matching import Matches
from lakedrift.measure import Measure
from lakedrift.performance import Chances, Performance, over
from lakedrift.profiles import Profile
from lakedrift.status import Statuses, code, same

__all__ = ["MODEL", "RANKING", "attributed", "model_name", "performed"]

MODEL = "model"  # the kind of what is said of a model
ATTRIBUTIONS = "attributions"  # what a model without labels is called
RANKING = "attribution_ndcg"
MATURE = 0.5  # of the share of labelled rows on the reference: with fewer labels a window is not judged yet
NORMAL_95 = 1.959963984540054
HISTORY = 3.0  # standard errors
DETAILED = 1 << 14  # rows, up to which each has details
Floats = NDArray[np.float64]


def model_name(profile: Profile) -> str | None:
    """Return what the model of a profile is called, by its columns; None where there is none."""
    key = model_of(profile)
    if key is None:
        return None
    roles = {feature.name: feature.role for feature in profile.features}
    label, *said = key[1]
    says = next((name for role in ("score", "prediction") for name in said if roles.get(name, "score") == role), said[0])
    return f"{says} → {label}"


def performed(
    profiles: tuple[Profile, Profile],
    matches: Matches,
    groupings: tuple[Grouping, Grouping] | None,
    chosen: Mapping[str, Performance],
    min_rows: int,
) -> list[Measure]:
    """Return every measure of performance that can be said of both sides; none where one has no model, or another one.

    Parameters
    ----------
    matches, groupings
        The rows of the comparison, and the groups that they add up; None of whole lakes.
    """
    key, name = model_of(profiles[0]), model_name(profiles[0])
    if key is None or name is None or any(key not in profile.states for profile in profiles) or not len(matches):
        return []
    wholes = profiles[0].states[key], profiles[1].states[key]
    if _differ(*wholes) or (groupings is not None and any(key not in one.states for one in groupings)):
        return []
    sides = wholes if groupings is None else (groupings[0].states[key], groupings[1].states[key])
    blocks = [list(_measures(name, *pair, chosen, min_rows, len(matches))) for pair in answers_of(sides, wholes, matches)]
    found = [_joined(parts) for parts in zip(*blocks, strict=True)]
    return [measure for measure in found if not np.isnan(measure.statistic).all()]


def attributed(
    profiles: tuple[Profile, Profile], matches: Matches, groupings: tuple[Grouping, Grouping] | None, min_rows: int
) -> list[Measure]:
    """Return how far the ranking of attributions has moved, as 1 - nDCG; nothing where a side has none."""
    found = importances(profiles, matches, groupings) if len(matches) else None
    if found is None:
        return []
    statistic, rows = 1.0 - ndcg(*found), matches.rows
    status = same("ok", len(matches))
    status[np.minimum(*rows) < min_rows] = code("insufficient_data")
    kept = [np.ones(len(matches)), 1.0 - statistic]
    name, unknown = model_name(profiles[0]) or ATTRIBUTIONS, np.full(len(matches), np.nan)
    told = (kept[0], kept[1], rows[0], rows[1])
    return [Measure(name, MODEL, RANKING, statistic, statistic, statistic, unknown, *told, status)]


def _joined(parts: Sequence[Measure]) -> Measure:
    """Return one measure of the rows of several, each with its details."""
    if len(parts) == 1:
        return parts[0]
    joined = Measure.joined(parts, {})
    joined.details = [detail for part in parts for detail in part.details]
    starts = np.cumsum([0, *(len(part.details) for part in parts[:-1])])
    places = [np.zeros(len(part.statistic), np.int32) if part.told is None else part.told for part in parts]
    joined.told = np.concatenate([place + start for place, start in zip(places, starts.tolist(), strict=True)])
    return joined


def _differ(one: Any, other: Any) -> bool:
    terms = [getattr(side, "terms", None) for side in (one, other)]
    return len({(term.roles, term.classes) for term in terms if term is not None}) > 1


def _measures(
    name: str, reference: Answers, current: Answers, chosen: Mapping[str, Performance], min_rows: int, n: int
) -> Iterator[Measure]:
    for metric, performance in chosen.items():
        if performance.view in reference.views and not (performance.binary and _is_of_many(reference)):
            yield _measure(name, metric, performance, reference, current, min_rows, detailed=n <= DETAILED)


def _is_of_many(side: Answers) -> bool:
    return all(getattr(view, "positive", 0) is None for view in side.views.values())


def _measure(
    name: str, metric: str, performance: Performance, reference: Answers, current: Answers, min_rows: int, *, detailed: bool
) -> Measure:
    views = reference.views[performance.view], current.views[performance.view]
    values = [performance.statistic(view) for view in views]
    bounds = [
        performance.bounds(view) if performance.bounds else (value, value) for view, value in zip(views, values, strict=True)
    ]
    losses = [_ordered(performance, *pair) for pair in bounds]
    lower, upper = _drop_bounds(performance, losses)
    before, after = (performance.loss(value) for value in values)
    statistic = over(after, before) - 1.0 if performance.relative else after - before
    rows = [view.rows for view in views]
    errors = [_error(performance, view, count) for view, count in zip(views, rows, strict=True)]
    pvalue = _pvalue(after - before, np.hypot(*errors))
    pvalues = _pvalues(losses, np.hypot(*errors)) if performance.bounds else ()
    status = _status(performance, reference, current, rows, min_rows)
    told = (values[0], values[1], rows[0], rows[1])
    measure = Measure(name, MODEL, metric, statistic, lower, upper, pvalue, *told, status, pvalues=pvalues)
    if detailed:
        measure.details = list(_details(performance, values, errors, rows, (reference, current)))
        measure.told = np.arange(len(measure.details), dtype=np.int32)
    return measure


def _drop_bounds(performance: Performance, losses: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    """Return between what the drop lies, from where both sides do."""
    (low, high), (new_low, new_high) = losses
    if performance.relative:
        return over(new_low, high) - 1.0, over(new_high, low) - 1.0
    return new_low - high, new_high - low


def _ordered(performance: Performance, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    ends = performance.loss(lower), performance.loss(upper)
    least = np.minimum(*ends)
    if performance.higher_is_better is None:
        least = np.where((lower <= 0) & (upper >= 0), 0.0, least)
    return least, np.maximum(*ends)


def _error(performance: Performance, view: Any, rows: NDArray[np.int64]) -> Floats:
    """Return the standard error of a side, (n,); NaN where it is not known."""
    if performance.variance is None:
        return np.full(len(rows), np.nan)
    return np.sqrt(np.maximum(performance.variance(view), 0.0))


def _pvalue(drop: Floats, error: Floats) -> Floats:
    """Return the probability of such a change, or a larger one either way, where nothing changed, by the normal law."""
    from scipy import special

    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = 2.0 * special.ndtr(-np.abs(drop) / error)
    return np.where((error == 0.0) & (drop == 0.0), 1.0, found)


def _pvalues(losses: Sequence[tuple[Floats, Floats]], error: Floats) -> tuple[Floats, Floats]:
    """Return the least and the greatest p-value of the changes that lie within the bounds of both sides."""
    (low, high), (new_low, new_high) = losses
    ends = np.abs(new_low - high), np.abs(new_high - low)
    nearest = np.where((new_low <= high) & (low <= new_high), 0.0, np.minimum(*ends))
    return _pvalue(np.maximum(*ends), error), _pvalue(nearest, error)


def _status(
    performance: Performance, reference: Answers, current: Answers, rows: list[NDArray[np.int64]], min_rows: int
) -> Statuses:
    """Return `ok`, or why there is no judgement, (n,)."""
    status = same("ok", len(rows[0]))
    for side in (reference, current):
        flawed = side.flawed.get(performance.view)
        if flawed is not None:
            status[flawed] = code("not_a_probability" if performance.view is Chances else "out_of_range")
    shares = over(reference.labelled, reference.rows), over(current.labelled, current.rows)
    status[np.minimum(*rows) < min_rows] = code("insufficient_data")
    status[shares[1] < MATURE * shares[0]] = code("immature")
    return status


def _details(
    performance: Performance,
    values: list[Floats],
    errors: list[Floats],
    rows: list[NDArray[np.int64]],
    sides: tuple[Answers, Answers],
) -> Iterator[dict[str, Any]]:
    """Yield what else is worth knowing of each row."""
    scale = errors[0] * np.sqrt(over(rows[0], rows[1]))
    spread = np.hypot(*errors)
    shares = [over(side.labelled, side.rows) for side in sides]
    for at in range(len(values[0])):
        before, after = values[0][at], values[1][at]
        detail: dict[str, Any] = {"labelled": [_number(share[at]) for share in shares]}
        if before and math.isfinite(before):
            detail["relative_drop"] = _number((before - after) / before)
        if math.isfinite(spread[at]):
            detail["drop_95"] = [_number(before - after + sign * NORMAL_95 * spread[at]) for sign in (-1, 1)]
            expected = [_number(before + sign * HISTORY * scale[at]) for sign in (-1, 1)]
            detail |= {"expected": expected, "within_expected": bool(abs(after - before) <= HISTORY * scale[at])}
        if performance.told is not None and len(values[0]) == 1:
            views = (side.views[performance.view] for side in sides)
            detail |= dict(zip(("reference", "current"), map(performance.told, views), strict=True))
            detail |= {"classes": list(sides[0].classes)} if sides[0].classes and "worth" in detail["reference"] else {}
        yield detail


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None

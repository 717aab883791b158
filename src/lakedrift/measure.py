"""Everything that can be said about one feature of two profiles, group by group: a pure function of summaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakedrift.columns import family
from lakedrift.feature import Feature
from lakedrift.metric import Cells, Counts, Floats, Metric, Presence, Sides
from lakedrift.pairing import Pair
from lakedrift.profiles import Profile
from lakedrift.status import Statuses, code, same
from lakedrift.summaries.distinct import Distinct
from lakedrift.summaries.values import Values
from lakedrift.telling import Words

__all__ = ["EVERYTHING", "Measure", "absences", "lost_keys", "measures", "pair_of"]

VALUES = ("statistic", "lower", "upper", "pvalue", "reference_value", "current_value")
ARRAYS = (*VALUES, "n_reference", "n_current", "status")
EVERYTHING = ""  # the feature of what is said of a segment or window as such


@dataclass(eq=False)
class Measure:
    """One metric of one feature, over all groups; every array is (n_groups,), and may be shared with other measures.

    Attributes
    ----------
    feature, kind, metric
        What was measured; the metric of an absence is `presence`.
    statistic, lower, upper, pvalue
        NaN where there is none.
    reference_value, current_value
        The same in human units: a median, a share, a rate.
    n_reference, n_current
        The rows that the statistic rests on.
    status
        Places in `STATUSES`: `ok`, or why there is no judgement.
    qvalue
        The p-value adjusted for all that are weighed with it: known then.
    levels
        Positions in `LEVELS`: known once it is judged.
    pvalues
        The least and the greatest p-value that the bounds allow, until they are weighed.
    evidence
        Whether the change is beyond noise wherever within its bounds the statistic lies, and whether it is for some; known once
        it is weighed.
    details, told
        What else is worth knowing, and which of these each group is told, a position; None for the first.
    applies
        Whether there is anything to say of any group.
    """

    feature: str
    kind: str
    metric: str
    statistic: Floats
    lower: Floats
    upper: Floats
    pvalue: Floats
    reference_value: Floats
    current_value: Floats
    n_reference: Counts
    n_current: Counts
    status: Statuses
    details: Sequence[dict[str, Any]] = ({},)
    told: NDArray[np.int32] | None = None
    pvalues: tuple[Floats, ...] = ()
    qvalue: Floats = field(init=False)
    evidence: tuple[NDArray[np.bool_], ...] = field(init=False, default=())
    levels: NDArray[np.int8] = field(init=False)
    limit: tuple[float, float, str] | None = None
    applies: bool = True

    def __post_init__(self) -> None:
        self.pvalues = self.pvalues or (self.pvalue, self.pvalue)

    @property
    def approximate(self) -> bool:
        """Whether the statistic is that of bins which several categories share, not that of single ones."""
        return "approximate" in self.details[0]

    def detail(self, group: int) -> dict[str, Any]:
        """Return what else is worth knowing of a group."""
        return self.details[0 if self.told is None else int(self.told[group])]

    @classmethod
    def joined(cls, parts: Sequence[Measure], shared: dict[tuple[int, ...], NDArray[Any]]) -> Measure:
        """Return one measure of the groups of several, one after the other, that are not yet judged.

        `shared` holds what was joined before: of many groups, metrics that share an array must not each have a copy.
        """
        first = parts[0]

        def concatenated(arrays: Sequence[NDArray[Any]]) -> Any:
            key = tuple(map(id, arrays))
            if key not in shared:
                shared[key] = np.concatenate(arrays)
            return shared[key]

        joined = {name: concatenated([getattr(part, name) for part in parts]) for name in ARRAYS}
        joined["told"] = None if first.told is None else concatenated([part.told for part in parts if part.told is not None])
        pvalues = tuple(map(concatenated, zip(*(part.pvalues for part in parts), strict=True)))
        applies = any(part.applies for part in parts)
        return cls(first.feature, first.kind, first.metric, **joined, details=first.details, applies=applies, pvalues=pvalues)

    def over(self, n_groups: int) -> Measure:
        """Return the measure of one group as that of each of so many."""
        arrays: dict[str, Any] = {name: np.repeat(getattr(self, name), n_groups) for name in ARRAYS}
        return type(self)(self.feature, self.kind, self.metric, **arrays, details=self.details)


def pair_of(reference: Profile, current: Profile, name: str) -> Pair:
    """Return both sides of a feature that both profiles have."""
    profiles = (reference, current)
    rows = tuple(np.full(len(profile.groups), profile.rows, np.int64) for profile in profiles)
    one, other = (profile.feature(name) for profile in profiles)
    before, after = (profile.values(name) for profile in profiles)
    values = (before, after) if isinstance(before, Values) and isinstance(after, Values) else None
    first, second = (found if isinstance(found := profile.distinct(name), Distinct) else None for profile in profiles)
    states = reference.state(name), current.state(name)
    return Pair((one, other), states, (rows[0], rows[1]), values, (first, second))


def absences(reference: Profile, current: Profile, name: str) -> Measure | None:
    """Return what keeps a feature from being measured at all, or that the current side lacks what the reference has.

    Of the statuses, `missing_in_reference`, `unsupported_type` and `insufficient_data` (no reference value) are not judged;
    `missing_in_current`, `type_changed`, `no_rows` and `no_valid_values` are critical.
    """
    if name not in reference:
        return _absence(current.feature(name), "missing_in_reference", {}, current=current)
    feature = reference.feature(name)
    if name not in current:
        return _absence(feature, "missing_in_current", _of_groups(reference, name), reference=reference)
    now = current.feature(name)
    states = reference.state(name), current.state(name)
    valid = [int(state.valid.sum()) for state in states]
    sides = {"reference": reference, "current": current}
    if feature.kind == "unsupported":
        return _absence(feature, "unsupported_type", {"type": feature.dtype}, **sides)
    if not valid[0]:
        return _absence(feature, "insufficient_data", {"reason": "the reference has no valid value"}, **sides)
    if not current.rows:
        return _absence(feature, "no_rows", {}, **sides)
    if family(now.dtype) not in (family(feature.dtype), "null") or _read_differently(reference, current, name):
        return _absence(feature, "type_changed", {"reference": feature.dtype, "current": now.dtype}, **sides)
    if not valid[1]:
        return _absence(feature, "no_valid_values", {}, **sides)
    return None


def lost_keys(reference: Profile, current: Profile) -> list[Measure]:
    """Return of columns that are no features, but that the reference is grouped by, that the current side lacks them."""
    lost = [name for name in reference.grouped_by if name not in reference and current.lacks(name)]
    return [_absence(Feature(name, "categorical", ""), "missing_in_current", _of_groups(reference, name)) for name in lost]


def _of_groups(reference: Profile, name: str) -> dict[str, Any]:
    return {"groups": "not compared"} if name in reference.grouped_by else {}


def measures(
    sides: Sides, metrics: Mapping[str, Metric], min_rows: int, known: Mapping[str, Any] | None = None
) -> list[Measure]:
    """Return every metric that applies to the feature; `known` is what is worth knowing besides, of whatever metric."""
    found, words, statuses = [], Words(sides), _statuses(sides, min_rows)
    for name, metric in metrics.items():
        views = _views(sides, metric)
        if views is None:
            continue
        read = metric.read(*views)
        applies = metric.applies is None or metric.applies(*read)
        if applies or not sides.whole:  # of groups, others may have something to say
            found.append(_measure(words, name, metric, views, read, statuses, known or {}))
            found[-1].applies = applies
    return found


def _read_differently(reference: Profile, current: Profile, name: str) -> bool:
    """Whether the states are of two kinds; an identifier on either side keeps less, and is not judged anyway."""
    features, states = zip(*((profile.feature(name), profile.state(name)) for profile in (reference, current)), strict=True)
    apart = states[0].KIND != states[1].KIND and features[1].dtype != "null"
    return apart and "identifier" not in (feature.kind for feature in features)


def _absence(
    feature: Feature, status: str, detail: dict[str, Any], *, reference: Profile | None = None, current: Profile | None = None
) -> Measure:
    sizes = [
        profile.state(feature.name).valid if profile is not None and feature.name in profile else np.zeros(1, np.int64)
        for profile in (reference, current)
    ]
    none = np.full(1, np.nan)
    nothing = (none, none, none, none, none, none)
    return Measure(feature.name, feature.kind, "presence", *nothing, sizes[0], sizes[1], same(status, 1), [detail])


def _views(sides: Sides, metric: Metric) -> tuple[Any, Any] | None:
    if metric.view is Presence:
        return sides.presence
    if metric.view is Cells:
        cells = sides.own_cells if metric.by_grid else sides.cells
        return cells if sides.kind != "categorical" else None
    return sides.bins


def _measure(
    words: Words,
    name: str,
    metric: Metric,
    views: tuple[Any, Any],
    read: tuple[Any, ...],
    statuses: tuple[Statuses, Statuses],
    known: Mapping[str, Any],
) -> Measure:
    sides = words.sides
    reference, current = views
    if metric.bounded is None:
        statistic = lower = upper = metric.statistic(*read)
    else:
        statistic, lower, upper = metric.bounded(*read)
        lower, upper = (statistic if _are_equal(bound, statistic) else bound for bound in (lower, upper))
    pvalue = metric.pvalue(*read, statistic) if metric.pvalue else np.full(len(statistic), np.nan)
    is_exact = lower is upper and all(getattr(view, "astray", None) is None for view in views)
    pvalues = () if is_exact else _pvalues(metric, read, (statistic, lower, upper), pvalue)
    before, after, details, told = words.of(metric, views, read)
    of_rows = isinstance(reference, Presence)
    sizes = (reference.rows, current.rows) if of_rows else sides.valid
    numbers = (statistic, lower, upper, pvalue, before, after)
    known_of_each = [{**one, **known} for one in details]
    feature, status = sides.features[0].name, statuses[not of_rows]
    return Measure(feature, sides.kind, name, *numbers, sizes[0], sizes[1], status, known_of_each, told, pvalues=pvalues)


def _are_equal(bound: Floats, statistic: Floats) -> bool:
    return bound is statistic or np.array_equal(bound, statistic, equal_nan=True)


def _pvalues(metric: Metric, read: tuple[Any, ...], bounds: tuple[Floats, ...], pvalue: Floats) -> tuple[Floats, ...]:
    """Return the least and the greatest p-value that the bounds of a statistic allow; nothing where there is none."""
    if metric.pvalue is None:
        return ()
    if metric.pvalues is None:
        statistic, lower, upper = bounds
        return tuple(pvalue if bound is statistic else metric.pvalue(*read, bound) for bound in (upper, lower))
    least, greatest = metric.pvalues(*read)
    return np.minimum(least, pvalue), np.maximum(greatest, pvalue)


def _statuses(sides: Sides, min_rows: int) -> tuple[Statuses, Statuses]:
    """Return what says whether rates of all rows can be judged, and whether distances of values: the same for every metric."""
    of_rows = same("ok", len(sides.valid[0]))
    of_values = of_rows.copy()
    of_values[np.minimum(*sides.valid) < min_rows] = code("insufficient_data")
    if sides.kind in ("temporal", "identifier"):
        of_values[:] = code(sides.kind)
    return of_rows, of_values

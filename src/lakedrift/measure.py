"""Everything that can be said about one feature of two profiles, group by group: a pure function of summaries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lakedrift.columns import family
from lakedrift.feature import Feature
from lakedrift.metric import Bins, Cells, Counts, Floats, Metric, Presence, Told
from lakedrift.pairing import Pair
from lakedrift.profiles import Profile
from lakedrift.summaries.distinct import STANDARD_ERROR, Distinct
from lakedrift.summaries.values import Values

__all__ = ["Measure", "absences", "measures", "pair_of"]

MOST_BINS_TOLD = 32
SLOTS = ("null", "NaN")


@dataclass(eq=False)
class Measure:
    """One metric of one feature, over all groups; every array is (n_groups,).

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
        `ok`, or why there is no judgement.
    levels
        Positions in `LEVELS`, filled in when judged.
    detail
        What else is worth knowing.
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
    status: NDArray[np.object_]
    detail: dict[str, Any] = field(default_factory=dict)
    qvalue: Floats = field(init=False)
    levels: NDArray[np.int64] = field(init=False)
    limit: tuple[float, float, str] | None = None

    def __post_init__(self) -> None:
        self.qvalue = np.full(len(self.statistic), np.nan)
        self.levels = np.zeros(len(self.statistic), np.int64)

    @property
    def approximate(self) -> bool:
        """Whether the statistic is that of bins which several categories share, not that of single ones."""
        return "approximate" in self.detail

    @property
    def detail_json(self) -> str:
        """The detail as strict JSON."""
        return json.dumps(self.detail, allow_nan=False, separators=(",", ":"), ensure_ascii=False)


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
        return _absence(feature, "missing_in_current", {}, reference=reference)
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


def measures(pair: Pair, metrics: Mapping[str, Metric], min_rows: int) -> list[Measure]:
    """Return every metric that applies to the feature."""
    found = []
    for name, metric in metrics.items():
        sides = _view(pair, metric)
        if sides is not None and (metric.applies is None or metric.applies(*sides)):
            found.append(_measure(pair, name, metric, sides, min_rows))
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
    state = np.array([status], object)
    return Measure(feature.name, feature.kind, "presence", *nothing, sizes[0], sizes[1], state, detail)


def _view(pair: Pair, metric: Metric) -> tuple[Any, Any] | None:
    if metric.view is Presence:
        return pair.presence
    if metric.view is Cells:
        return pair.cells if pair.kind != "categorical" else None
    return pair.bins if pair.kind != "identifier" else None


def _measure(pair: Pair, name: str, metric: Metric, sides: tuple[Any, Any], min_rows: int) -> Measure:
    reference, current = sides
    statistic = metric.statistic(reference, current)
    lower, upper = metric.bounds(reference, current) if metric.bounds else (statistic, statistic)
    pvalue = metric.pvalue(reference, current, statistic) if metric.pvalue else np.full(len(statistic), np.nan)
    *values, detail = metric.told(*sides) if metric.told else _told(pair, sides)
    sizes = (reference.rows, current.rows) if isinstance(reference, Presence) else pair.valid
    status = np.full(len(statistic), "ok", object)
    if not isinstance(reference, Presence):
        status[np.minimum(*sizes) < min_rows] = "insufficient_data"
        if pair.kind in ("temporal", "identifier"):
            status[:] = pair.kind
    numbers = (statistic, lower, upper, pvalue, values[0], values[1])
    detail |= _told_distinct(pair)
    return Measure(pair.features[0].name, pair.kind, name, *numbers, sizes[0], sizes[1], status, detail)


def _told_distinct(pair: Pair) -> dict[str, Any]:
    """Return how many values of what looked like an identifier differ on either side, and the share of all that they are."""
    sides = {name: side for name, side in zip(("reference", "current"), pair.distinct, strict=True) if side is not None}
    if not sides:
        return {}
    estimates = {name: round(float(side.estimate[0])) for name, side in sides.items()}
    shares = {name: round(float(side.share[0]), 6) for name, side in sides.items() if side.valid[0]}
    return {"distinct": estimates | {"share": shares, "standard_error": round(STANDARD_ERROR, 4)}}


def _told(pair: Pair, sides: tuple[Any, Any]) -> Told:
    """Return what changed in units people think in, and the detail that goes with it."""
    detail = _told_bins(*sides) if isinstance(sides[0], Bins) else {}
    if pair.kind != "categorical" and pair.cells is not None:
        return *pair.medians, detail | _changed_type(pair)
    shares, label = _most_changed(*pair.bins) if pair.bins and pair.bins[0].labels else (_nothing(pair), None)
    return *shares, detail | {"category": label} | _changed_type(pair)


def _most_changed(reference: Bins, current: Bins) -> tuple[tuple[Floats, Floats], str | None]:
    """Return the shares of the bin whose share changed most over the whole lake, and its label."""
    before, after = reference.shares, current.shares
    change = np.nan_to_num(np.abs(after[0] - before[0]))
    change[[label in SLOTS for label in reference.labels]] -= 2  # their rates have rows of their own
    at = int(np.argmax(change))
    return (before[:, at], after[:, at]), reference.labels[at]


def _nothing(pair: Pair) -> tuple[Floats, Floats]:
    none = np.full(len(pair.rows[0]), np.nan)
    return none, none


def _told_bins(reference: Bins, current: Bins) -> dict[str, Any]:
    return _told_counts(reference, current) | _told_sharing(reference, current)


def _told_sharing(reference: Bins, current: Bins) -> dict[str, Any]:
    """Say that bins are shared, and what the total variation of single categories is at most.

    Joining categories never raises a total variation, divergence or chi-square (data processing), so the statistic is a lower
    bound of that of single ones, but for what smooths PSI. At most, the two sides of a bucket have no category in common.
    """
    if reference.shared is None:
        return {}
    before, after = reference.shares[0], current.shares[0]
    most = float(np.where(reference.shared, before + after, np.abs(after - before)).sum()) / 2
    named = sum(label not in SLOTS for label in np.array(reference.labels, object)[~reference.shared])
    told = {"named": named, "buckets": int(reference.shared.sum())}
    return {"approximate": told | ({"total_variation_at_most": min(most, 1.0)} if np.isfinite(most) else {})}


def _told_counts(reference: Bins, current: Bins) -> dict[str, Any]:
    if len(reference.labels) > MOST_BINS_TOLD:
        categories = np.array([label not in SLOTS for label in reference.labels])
        held = [int((side.counts[0][categories] > 0).sum()) for side in (reference, current)]
        return {"n_bins": {"reference": held[0], "current": held[1]}}
    told: dict[str, Any] = {"bins": list(reference.labels)}
    if reference.edges is not None:
        told["edges"] = [edge if np.isfinite(edge) else str(edge) for edge in reference.edges]
    return told | {"reference": reference.counts[0].tolist(), "current": current.counts[0].tolist()}


def _changed_type(pair: Pair) -> dict[str, Any]:
    before, after = (feature.dtype for feature in pair.features)
    return {} if before == after else {"type": f"{before} → {after}"}

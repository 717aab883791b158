"""A profile: what a scan of a lake leaves behind, small, comparable with any other, and mergeable.

The module is not called `profile` because `lakedrift.profile` is the public verb.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from lakedrift.errors import IncompatibleProfilesError, InvariantError
from lakedrift.feature import Feature
from lakedrift.grouping import Grouping
from lakedrift.source import Fragment
from lakedrift.summary import StateKey, Summary
from lakedrift.window import Every

__all__ = ["WHOLE_LAKE", "Profile", "StateKey", "merge"]

WHOLE_LAKE = ""
VALUES, DISTINCT = "values", "distinct"  # the kinds of state that stand beside a feature's own


@dataclass(frozen=True)
class Profile:
    """Summaries of a source, and where they came from. It is finished: nothing in it changes any more.

    Attributes
    ----------
    name
        What was profiled.
    fragments
        The files, or the frame, that were read.
    rows, filtered
        How many rows were summarised, and how many a filter kept back.
    features
        The columns watched, in the order of the source.
    groups
        The segment of each state of `states`: the whole lake, "".
    states
        By kind and columns, the mergeable state of the whole lake.
    groupings
        The same by segment and window, one for each segmentation that was asked for; with a column of time also the whole lake
        by window, of no keys.
    time
        The column that windows are made of, None where there is none.
    every
        The length of the windows.
    """

    name: str
    fragments: tuple[Fragment, ...]
    rows: int
    filtered: int
    features: tuple[Feature, ...]
    states: Mapping[StateKey, Summary]
    groups: tuple[str, ...] = (WHOLE_LAKE,)
    groupings: tuple[Grouping, ...] = ()
    time: str | None = None
    every: Every | None = None

    def __repr__(self) -> str:
        return f"Profile({self.name!r}, {self.rows:,} rows, {len(self.fragments)} fragments, {len(self.features)} features)"

    def __contains__(self, name: str) -> bool:
        return name in self._features

    def feature(self, name: str) -> Feature:
        """Return the feature of that name; KeyError where there is none."""
        return self._features[name]

    def state(self, name: str) -> Summary:
        """Return the state of the feature of that name; KeyError where there is none."""
        return self._own[name]

    @functools.cached_property
    def _features(self) -> dict[str, Feature]:
        return {feature.name: feature for feature in self.features}

    @functools.cached_property
    def _own(self) -> dict[str, Summary]:
        """The state of each feature that is its own, by its name."""
        beside = (VALUES, DISTINCT)
        return {columns[0]: state for (kind, columns), state in self.states.items() if len(columns) == 1 and kind not in beside}

    def values(self, name: str) -> Summary | None:
        """Return the exact values that a second scan kept of a feature, None where there was none."""
        return self.states.get((VALUES, (name,)))

    def distinct(self, name: str) -> Summary | None:
        """Return how many values of a feature differ, None where it never looked like an identifier."""
        return self.states.get((DISTINCT, (name,)))

    def grouping(self, keys: Sequence[str]) -> Grouping:
        """Return the grouping of that segmentation; KeyError where there is none."""
        for grouping in self.groupings:
            if grouping.keys == tuple(keys):
                return grouping
        raise KeyError(tuple(keys))

    def empty(self) -> Profile:
        """Return a profile on the same grids with no rows."""
        states = {key: state.empty() for key, state in self.states.items()}
        groupings = tuple(grouping.empty() for grouping in self.groupings)
        return replace(self, fragments=(), rows=0, filtered=0, states=MappingProxyType(states), groupings=groupings)

    def check(self) -> None:
        """Assert the conservation of rows.

        Raises
        ------
        InvariantError
            If rows delivered and filtered are not what the fragments declare, a feature's rows are not its null, NaN and valid
            ones together, or groups do not sum to the whole lake.
        """
        declared = [fragment.rows for fragment in self.fragments]
        if None not in declared and sum(rows or 0 for rows in declared) != self.rows + self.filtered:
            msg = (
                f"{self.name}: {sum(rows or 0 for rows in declared)} rows declared, {self.rows} + {self.filtered} filtered read"
            )
            raise InvariantError(msg)
        for (_, columns), state in self.states.items():
            if (state.rows != state.null + state.nan + state.valid).any() or (state.rows > self.rows).any():
                msg = f"{columns[0]!r}: rows are not null + NaN + valid"
                raise InvariantError(msg)
        for grouping in self.groupings:
            self._check_sums(grouping)

    def _check_sums(self, grouping: Grouping) -> None:
        if grouping.rows.sum() != self.rows:
            msg = f"{grouping.described}: {grouping.rows.sum()} rows in groups, {self.rows} in all"
            raise InvariantError(msg)
        for (_, columns), state in grouping.states.items():
            if (state.rows != state.null + state.nan + state.valid).any() or (state.rows > grouping.rows).any():
                msg = f"{columns[0]!r} by {grouping.described}: rows are not null + NaN + valid"
                raise InvariantError(msg)
            if not state.sums_to(self.state(columns[0])):
                msg = f"{columns[0]!r}: groups by {grouping.described} do not sum to the whole lake"
                raise InvariantError(msg)


def merge(profiles: Sequence[Profile]) -> Profile:
    """Add profiles of disjoint data made on the same grids, in any order.

    Raises
    ------
    IncompatibleProfilesError
        If there are none, a feature is of another kind or on another grid, or they are not grouped alike; the message says it.
    """
    if not profiles:
        msg = "there is nothing to merge"
        raise IncompatibleProfilesError(msg)
    features: dict[str, Feature] = {}
    states: dict[StateKey, Summary] = {}
    for profile in profiles:
        for feature in profile.features:
            if features.setdefault(feature.name, feature) != feature:
                raise _conflict(feature.name, "is of another type")
        for key, state in profile.states.items():
            _add(states, key, state)
    groupings = _merged_groupings(profiles)
    fragments = sorted((fragment for profile in profiles for fragment in profile.fragments), key=lambda found: found.uri)
    rows, filtered = sum(profile.rows for profile in profiles), sum(profile.filtered for profile in profiles)
    name = min(profile.name for profile in profiles)
    orders = {profile.features for profile in profiles}
    ordered = orders.pop() if len(orders) == 1 else tuple(features[name] for name in sorted(features))
    merged = Profile(name, tuple(fragments), rows, filtered, ordered, MappingProxyType(dict(sorted(states.items()))))
    merged = replace(merged, groupings=groupings, time=profiles[0].time, every=profiles[0].every)
    merged.check()
    return merged


def _merged_groupings(profiles: Sequence[Profile]) -> tuple[Grouping, ...]:
    first, *others = profiles
    for other in others:
        ours, theirs = ({grouping.keys for grouping in profile.groupings} for profile in (first, other))
        if (first.time, first.every, ours) != (other.time, other.every, theirs):
            msg = f"cannot merge: {first.name!r} and {other.name!r} are not grouped alike"
            raise IncompatibleProfilesError(msg, hint="profile both with the same by=, time= and every=")
    merged = []
    for grouping in first.groupings:
        parts = [grouping, *(other.grouping(grouping.keys) for other in others)]
        try:
            merged.append(functools.reduce(Grouping.merge, parts))
        except IncompatibleProfilesError as error:
            msg = f"cannot merge the groups by {grouping.described}: {error.message}"
            raise IncompatibleProfilesError(msg, hint="profile the later ones with like= the first") from error
    return tuple(merged)


def _add(states: dict[StateKey, Summary], key: StateKey, state: Summary) -> None:
    try:
        if key not in states:
            states[key] = state.empty()
        states[key].merge(state)
    except IncompatibleProfilesError as error:
        raise _conflict(key[1][0], "has another grid") from error


def _conflict(name: str, why: str) -> IncompatibleProfilesError:
    msg = f"cannot merge: feature {name!r} {why}"
    return IncompatibleProfilesError(msg, hint="profile the later ones with like= the first")

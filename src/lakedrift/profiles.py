"""A profile: what a scan of a lake leaves behind, small, comparable with any other, and mergeable.

The module is not called `profile` because `lakedrift.profile` is the public verb.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

import pyarrow as pa

from lakedrift.errors import IncompatibleProfilesError, InvariantError
from lakedrift.feature import Feature
from lakedrift.manifest import Entry
from lakedrift.summary import Summary

__all__ = ["WHOLE_LAKE", "Profile", "StateKey", "Unread", "merge"]

StateKey = tuple[str, tuple[str, ...]]
WHOLE_LAKE = ""
VALUES, DISTINCT = "values", "distinct"  # the kinds of state that stand beside a feature's own


class Unread(NamedTuple):
    """A state of a kind that this version does not know: kept as it was written, for one that does.

    How such states add up is not known either, so a merged profile holds those of its parts side by side.
    """

    kind: str
    columns: tuple[str, ...]
    table: pa.Table


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
        The segments, in the order of the first axis of every state; the whole lake is "".
    states
        By kind and columns, the mergeable state over all groups.
    unread
        States of kinds that this version does not know.
    """

    name: str
    fragments: tuple[Entry, ...]
    rows: int
    filtered: int
    features: tuple[Feature, ...]
    states: Mapping[StateKey, Summary]
    groups: tuple[str, ...] = (WHOLE_LAKE,)
    unread: tuple[Unread, ...] = ()

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

    def empty(self) -> Profile:
        """Return a profile on the same grids with no rows."""
        states = {key: state.empty() for key, state in self.states.items()}
        return replace(self, fragments=(), rows=0, filtered=0, states=MappingProxyType(states), unread=())

    def to_bytes(self) -> bytes:
        """Return the profile as the bytes of a file: a Parquet table that any reader can query, the same for equal profiles.

        `docs/format.md` describes it.
        """
        from lakedrift import format as profile_format  # it makes profiles

        return profile_format.encode(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> Profile:
        """Return the profile that `to_bytes` wrote.

        Raises
        ------
        CorruptProfileError
            If the bytes are not those that were written, are no profile, or say what cannot be.
        ProfileVersionError
            If they are of a later version of the format.
        """
        from lakedrift import format as profile_format

        return profile_format.decode(data)

    def check(self) -> None:
        """Assert the conservation of rows.

        Raises
        ------
        InvariantError
            If rows delivered and filtered are not what the fragments declare, or a feature's rows are not its null, NaN and
            valid ones together.
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


def merge(profiles: Sequence[Profile]) -> Profile:
    """Add profiles of disjoint data made on the same grids, in any order.

    Raises
    ------
    IncompatibleProfilesError
        If there are none, or a feature is of another kind or on another grid; the message names it.
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
    fragments = sorted((fragment for profile in profiles for fragment in profile.fragments), key=lambda found: found.uri)
    rows, filtered = sum(profile.rows for profile in profiles), sum(profile.filtered for profile in profiles)
    name = min(profile.name for profile in profiles)
    orders = {profile.features for profile in profiles}
    ordered = orders.pop() if len(orders) == 1 else tuple(features[name] for name in sorted(features))
    merged = Profile(name, tuple(fragments), rows, filtered, ordered, MappingProxyType(dict(sorted(states.items()))))
    merged.check()
    return merged


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

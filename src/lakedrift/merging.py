"""Adding profiles up."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from lakedrift.errors import IncompatibleProfilesError
from lakedrift.feature import Feature
from lakedrift.grouping import Grouping
from lakedrift.profiles import Profile, Unread
from lakedrift.summary import StateKey, Summary

__all__ = ["merge"]

APART = "…"  # the name of what has no place in common


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
    fragments = sorted(
        (entry for profile in profiles for entry in profile.fragments), key=lambda entry: (entry.uri, repr(entry))
    )
    rows, filtered = sum(profile.rows for profile in profiles), sum(profile.filtered for profile in profiles)
    name = functools.reduce(_common_name, (profile.name for profile in profiles))
    unread = sorted((part for profile in profiles for part in profile.unread), key=_order_of_unread)
    orders = {profile.features for profile in profiles}
    ordered = orders.pop() if len(orders) == 1 else tuple(features[name] for name in sorted(features))
    merged = Profile(name, tuple(fragments), rows, filtered, ordered, MappingProxyType(dict(sorted(states.items()))))
    merged = replace(merged, groupings=groupings, time=profiles[0].time, every=profiles[0].every, unread=tuple(unread))
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


def _common_name(one: str, other: str) -> str:
    """Return the name that both have, or the folder that both are in; "…" where there is none.

    That is associative and commutative, as the lesser of two names would be, but says what was merged.
    """
    if one == other:
        return one
    with contextlib.suppress(ValueError):
        return os.path.commonpath([one, other]) or APART
    return APART


def _order_of_unread(part: Unread) -> tuple[int, str, tuple[str, ...], str]:
    return (*part[:3], repr((part.table.schema.metadata, part.table.to_pydict())))


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

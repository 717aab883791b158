"""Adding profiles up."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from lakedrift.coarsening import on_common_ground
from lakedrift.errors import IncompatibleProfilesError
from lakedrift.feature import Feature
from lakedrift.grouping import Grouping
from lakedrift.profiles import VALUES, Profile, Unread
from lakedrift.summaries.comoments import Comoments
from lakedrift.summary import StateKey, Summary

__all__ = ["merge", "sum_of_groupings", "sum_of_states"]

HINT = "profile the later ones with like= the first, or merge with coarsen=True or --coarsen"
APART = "…"  # the name of what has no place in common


def merge(profiles: Sequence[Profile], *, coarsen: bool = False, allow_duplicates: bool = False) -> Profile:
    """Add profiles of disjoint data, in any order.

    Parameters
    ----------
    profiles
        What is added.
    coarsen
        Whether states of different grids are brought onto the cells that these have in common, which widens bounds and gives up
        moments, correlations, the values that a second scan kept, and other states of several columns together that have none.
        Without it they are an error.
    allow_duplicates
        Whether a file that is in several profiles is counted several times. Without it that is an error.

    Raises
    ------
    IncompatibleProfilesError
        If there are none, a feature is of another kind or on another grid, they are not grouped alike, or a file is in several
        of them; the message says which.
    """
    if not profiles:
        msg = "there is nothing to merge"
        raise IncompatibleProfilesError(msg)
    if not allow_duplicates:
        _check_duplicates(profiles)
    names = functools.reduce(_common_name, (profile.name for profile in profiles))
    entries = sorted((entry for profile in profiles for entry in profile.fragments), key=lambda entry: (entry.uri, repr(entry)))
    rows, filtered = sum(profile.rows for profile in profiles), sum(profile.filtered for profile in profiles)
    states = sum_of_states([_mergeable(profile, coarsen=coarsen) for profile in profiles], coarsen=coarsen)
    merged = Profile(names, tuple(entries), rows, filtered, _features(profiles), MappingProxyType(states))
    groupings = sum_of_groupings(profiles, coarsen=coarsen)
    unread = sorted((part for profile in profiles for part in _unread(profile, groupings)), key=_order_of_unread)
    merged = replace(merged, groupings=groupings, time=profiles[0].time, every=profiles[0].every, unread=tuple(unread))
    private = [profile.private for profile in profiles]
    merged = replace(merged, private=None if None in private else min(least for least in private if least is not None))
    merged.check()
    return merged


def _check_duplicates(profiles: Sequence[Profile]) -> None:
    held = Counter(identity for profile in profiles for identity in {entry.identity for entry in profile.fragments})
    twice = sorted(identity[0] for identity, times in held.items() if times > 1 and identity is not None)
    if twice:
        msg = f"cannot merge: {twice[0]!r} is in several of the profiles, and would be counted several times"
        raise IncompatibleProfilesError(msg, hint="allow_duplicates=True or --allow-duplicates counts it so often")


def _features(profiles: Sequence[Profile]) -> tuple[Feature, ...]:
    """Return the features of all, in the order that they have if they have one."""
    features: dict[str, Feature] = {}
    for profile in profiles:
        for feature in profile.features:
            if features.setdefault(feature.name, feature) != feature:
                raise _conflict(feature.name, "is of another type")
    orders = {profile.features for profile in profiles}
    return orders.pop() if len(orders) == 1 else tuple(features[name] for name in sorted(features))


def _mergeable(profile: Profile, *, coarsen: bool) -> Mapping[StateKey, Summary]:
    """Return the states of a profile, but for those that belong to one grid or unit, where grids are given up."""
    return {key: state for key, state in profile.states.items() if not (coarsen and key[0] in (VALUES, Comoments.KIND))}


def sum_of_states(parts: Sequence[Mapping[StateKey, Any]], *, coarsen: bool = False) -> dict[StateKey, Any]:
    """Add states up by key, in the order of the keys; raises as `merge` does."""
    total: dict[StateKey, Any] = {}
    for key in sorted({key for part in parts for key in part}):
        states = [part[key] for part in parts if key in part]
        if coarsen and not _add(key, states):
            continue
        try:
            states = on_common_ground(states) if coarsen else states
            total[key] = states[0].empty()
            for state in states:
                total[key].merge(state)
        except IncompatibleProfilesError as error:
            raise _conflict(key[1][0], "has another grid") from error
    return total


def _add(key: StateKey, states: Sequence[Any]) -> bool:
    """Whether states have common ground; of several columns together, those of different bins or units have none."""
    if len(key[1]) == 1:
        return True
    try:
        first, *others = (state.empty() for state in on_common_ground(states))
        for other in others:
            first.merge(other)
    except IncompatibleProfilesError:
        return False
    return True


def sum_of_groupings(profiles: Sequence[Profile], *, coarsen: bool = False) -> tuple[Grouping, ...]:
    """Add the groups of profiles up; raises as `merge` does."""
    first, *others = profiles
    for other in others:
        ours, theirs = ({grouping.keys for grouping in profile.groupings} for profile in (first, other))
        if (first.time, first.every, ours) != (other.time, other.every, theirs):
            msg = f"cannot merge: {first.name!r} and {other.name!r} are not grouped alike"
            raise IncompatibleProfilesError(msg, hint="profile both with the same by=, time= and every=")
    return tuple(
        _merged_grouping([one.grouping(grouping.keys) for one in profiles], coarsen=coarsen) for grouping in first.groupings
    )


def _merged_grouping(parts: list[Grouping], *, coarsen: bool) -> Grouping:
    try:
        return _pairwise(_levelled(parts) if coarsen else parts)
    except IncompatibleProfilesError as error:
        msg = f"cannot merge the groups by {parts[0].described}: {error.message}"
        raise IncompatibleProfilesError(msg, hint=HINT) from error


def _pairwise(parts: Sequence[Grouping]) -> Grouping:
    """Add groupings up two by two: one after the other would align the growing sum with every part."""
    while len(parts) > 1:
        pairs = itertools.zip_longest(parts[::2], parts[1::2])
        parts = [one if other is None else one.merge(other) for one, other in pairs]
    return parts[0]


def _levelled(parts: Sequence[Grouping]) -> list[Grouping]:
    """Return groupings whose states add."""
    states: list[dict[StateKey, Any]] = [dict(part.states) for part in parts]
    for key in {key for part in states for key in part}:
        holders = [part for part in states if key in part]
        if not _add(key, [part[key] for part in holders]):
            for part in holders:
                del part[key]
            continue
        for part, levelled in zip(holders, on_common_ground([part[key] for part in holders]), strict=True):
            part[key] = levelled
    return [replace(part, states=MappingProxyType(mine)) for part, mine in zip(parts, states, strict=True)]


def _common_name(one: str, other: str) -> str:
    """Return the name that both have, or the folder that both are in; "…" where there is none.

    That is associative and commutative, as the lesser of two names would be, but says what was merged.
    """
    if one == other:
        return one
    with contextlib.suppress(ValueError):
        return os.path.commonpath([one, other]) or APART
    return APART


def _unread(profile: Profile, groupings: Sequence[Grouping]) -> Iterator[Unread]:
    """Yield the states of a profile that are not known, those of groups by the numbers that these have in a sum."""
    numbers = {grouping.keys: number for number, grouping in enumerate(groupings, 1)}
    for part in profile.unread:
        if not part.grouping:
            yield part
            continue
        mine = profile.groupings[part.grouping - 1]
        number, table = numbers[mine.keys], part.table
        groups = groupings[number - 1].places(mine.table())[table["group"].to_numpy()]
        if (groups < 0).any():  # its segment was folded, and only who knows the kind could fold this too
            msg = f"what {profile.name!r} holds of the unknown kind {part.kind!r} cannot be folded with its segments"
            raise IncompatibleProfilesError(msg, hint="merge with the version of lakedrift that wrote it")
        column = pa.array(groups.astype(np.int32))
        yield part._replace(grouping=number, table=table.set_column(table.schema.get_field_index("group"), "group", column))


def _order_of_unread(part: Unread) -> tuple[int, str, tuple[str, ...], str]:
    return (*part[:3], repr((part.table.schema.metadata, part.table.to_pydict())))


def _conflict(name: str, why: str) -> IncompatibleProfilesError:
    msg = f"cannot merge: feature {name!r} {why}"
    return IncompatibleProfilesError(msg, hint=HINT)

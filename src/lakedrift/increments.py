"""Profiling a lake by what is new in it: fragments that a store knows are not read again.

A sum of profiles is brought up to date by taking away what is gone and adding what is new. Counts are integers, so that is
exact; what is not known any more when a part is taken away, such as the extremes that it had, is summed anew from the profiles
of all fragments that are left.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from lakedrift.errors import SourceChangedError, UsageError
from lakedrift.grouping import Grouping
from lakedrift.manifest import Entry
from lakedrift.merging import sum_of_groupings, sum_of_states
from lakedrift.plan import Plan
from lakedrift.profiles import Profile
from lakedrift.source import Fragment, Source
from lakedrift.store import Series, digest, keys_on, signature
from lakedrift.summary import StateKey, Summary

__all__ = ["Steps", "profile_increments"]

Key = Callable[[Entry], str]


class Steps(Protocol):
    """How a source is profiled, step by step."""

    def plan(self, like: Profile | None) -> Plan:
        """Return the plan for the whole source, on the grids of a profile where it has them."""

    def grids(self, plan: Plan, like: Profile | None) -> Profile:
        """Return the profile of no rows of a plan, with its groupings."""

    def scan(self, plan: Plan, like: Profile | None) -> Profile:
        """Return what a scan of the plan's source finds, on the grids of a profile."""


def profile_increments(series: Series, source: Source, steps: Steps, *, refit: bool) -> Profile:
    """Return the profile of a source, reading only what the store does not know.

    Raises
    ------
    UsageError
        If the source is not made of files.
    StoreError
        If the store cannot be read or written.
    """
    if any(fragment.modified is None for fragment in source.fragments):
        msg = f"a store keeps the profiles of files, and {source.name!r} is in memory"
        raise UsageError(msg, hint="leave store= out, or write it as Parquet and pass the path")
    plan, grids = _pinned(series, steps, refit=refit)
    return _Audit(series, source, plan, grids, steps).profile()


def _pinned(series: Series, steps: Steps, *, refit: bool) -> tuple[Plan, Profile]:
    """Return the plan on the grids of the series, which gets those of columns that it does not have yet."""
    known = None if refit else series.grids()
    plan = steps.plan(known)
    if known is not None and all(feature.name in known for feature in plan.features):
        return plan, _of_plan(plan, known)
    grids = steps.grids(plan, known)
    if known is not None:
        grids = _widened(known, grids)
    pinned = series.pin(grids) if known is None and not refit else series.repin(grids)
    if pinned is not grids:
        plan = steps.plan(pinned)  # somebody else was first
    return plan, _of_plan(plan, pinned)


def _of_plan(plan: Plan, grids: Profile) -> Profile:
    """Return the grids of a plan: where a column changed its kind they are not those of the series."""
    names = [feature.name for feature in plan.features]
    return replace(grids.only(names), features=plan.features, states=MappingProxyType(dict(sorted(plan.states.items()))))


def _widened(known: Profile, grids: Profile) -> Profile:
    """Return the grids of a series and of columns that it lacks."""
    features = (*known.features, *(feature for feature in grids.features if feature.name not in known))
    states = dict(sorted({**grids.states, **known.states}.items()))
    before = {grouping.keys: dict(grouping.states) for grouping in known.groupings}
    groupings = tuple(
        replace(one, states=MappingProxyType(dict(sorted({**one.states, **before.get(one.keys, {})}.items()))))
        for one in grids.groupings
    )
    return replace(known, features=features, states=MappingProxyType(states), groupings=groupings)


class _Audit:
    """One look at a source."""

    def __init__(self, series: Series, source: Source, plan: Plan, grids: Profile, steps: Steps) -> None:
        self._series, self._source, self._plan, self._grids, self._steps = series, source, plan, grids, steps
        self._key = keys_on(grids)
        self._total = digest([series.name, os.path.abspath(source.name), signature(grids)])  # noqa: PTH100 -- a name
        self._now = {self._key(Entry.of(one, None)): one for one in source.fragments}

    def profile(self) -> Profile:
        """Return the profile of the source, having kept what was new."""
        total = self._series.total(self._total)
        before = {self._key(entry): entry for entry in total.fragments} if total is not None else {}
        new = [self._of(key) for key in self._now if key not in before]
        gone = [key for key in before if key not in self._now]
        if total is None or len(gone) > len(before) // 2:
            found = self._summed([*new, *(self._of(key) for key in self._now if key in before)])
        else:
            found = self._without(total, gone, new) if gone else self._summed([total, *new])
        if new or gone or total is None:
            self._series.put_total(self._total, found)
        for key in gone:
            if not Path(before[key].uri).exists():
                self._series.forget(key)
        return found

    def _of(self, key: str) -> Profile:
        """Return the profile of a fragment, which is scanned if it was not before."""
        known = self._series.fragment(key)
        return self._scanned(key, self._now[key]) if known is None else known

    def _scanned(self, key: str, fragment: Fragment) -> Profile:
        names = {*fragment.schema.names, *(name for name, _ in fragment.partition)}
        features = tuple(feature for feature in self._plan.features if feature.name in names)
        states = {at: state for at, state in self._plan.states.items() if not names.isdisjoint(at[1])}
        part = replace(self._plan, source=self._source.part([fragment]), features=features, states=states)
        found = replace(self._steps.scan(part, self._grids), name=fragment.uri)
        status = Path(fragment.uri).stat()
        if (status.st_size, status.st_mtime_ns) != (fragment.bytes, fragment.modified):
            msg = f"{fragment.uri!r} changed while it was read"
            raise SourceChangedError(msg, hint="run again when nobody writes to it")
        self._series.keep(key, found)
        return found

    def _summed(self, parts: Sequence[Profile]) -> Profile:
        """Return the sum of profiles on the grids."""
        entries = sorted((entry for part in parts for entry in part.fragments), key=lambda entry: entry.uri)
        return self._made(
            entries,
            sum(part.rows for part in parts),
            sum(part.filtered for part in parts),
            sum_of_states([self._grids.states, *(part.states for part in parts)]),
            sum_of_groupings([self._grids, *parts]),
        )

    def _without(self, total: Profile, gone: Sequence[str], new: Sequence[Profile]) -> Profile:
        """Return a total less what is gone, with what is new."""
        parts = [self._series.fragment(key) for key in gone]
        known = [part for part in parts if part is not None]
        if len(known) < len(gone):  # somebody else took it away, and a total that lacks it is theirs
            return self._summed([self._of(key) for key in self._now])
        states, unknown = _subtracted(sum_of_states([total.states]), [part.states for part in known])
        if unknown:
            rest = [self._of(key).states for key in self._now if key not in {self._key(e) for p in new for e in p.fragments}]
            empty = {key: self._grids.states[key] for key in unknown}
            states |= sum_of_states([empty, *({key: part[key] for key in unknown if key in part} for part in rest)])
        away = {entry.identity for part in known for entry in part.fragments}
        left = replace(
            total,
            fragments=tuple(entry for entry in total.fragments if entry.identity not in away),
            rows=total.rows - sum(part.rows for part in known),
            filtered=total.filtered - sum(part.filtered for part in known),
            states=MappingProxyType(dict(sorted(states.items()))),
            groupings=tuple(_ungrouped(one, [part.grouping(one.keys) for part in known]) for one in total.groupings),
        )
        return self._summed([left, *new])

    def _made(
        self,
        entries: Sequence[Entry],
        rows: int,
        filtered: int,
        states: dict[StateKey, Any],
        groupings: tuple[Grouping, ...],
    ) -> Profile:
        found = Profile(self._source.name, tuple(entries), rows, filtered, self._plan.features, MappingProxyType(states))
        found = replace(found, groupings=groupings, time=self._grids.time, every=self._grids.every)
        found.check()
        return found


def _subtracted(states: dict[StateKey, Any], parts: Sequence[Any]) -> tuple[dict[StateKey, Summary], set[StateKey]]:
    """Return states less those of the parts, and the keys of those of which that is not known."""
    unknown = set()
    for part in parts:
        for key, state in part.items():
            if key not in unknown and not states[key].subtract(state):
                unknown.add(key)
    return {key: state for key, state in states.items() if key not in unknown}, unknown


def _ungrouped(total: Grouping, parts: Sequence[Grouping]) -> Grouping:
    """Return a grouping less its parts, of the groups that still have rows."""
    left = total.take(np.arange(len(total)))  # a copy
    nothing = MappingProxyType({key: state.empty() for key, state in left.states.items()})
    for part in parts:
        spread = replace(left, rows=np.zeros_like(left.rows), states=nothing).merge(part)
        for key, state in spread.states.items():
            left.states[key].subtract(state)
        left = replace(left, rows=left.rows - spread.rows)
    return left.take(np.flatnonzero(left.rows))

"""How one side of a comparison is profiled: opened, planned, and scanned or put together from what a store keeps of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from lakedrift.census import checked, take_census
from lakedrift.choosing import Selection, columns_of, select
from lakedrift.engine import default_threads, run
from lakedrift.errors import UsageError
from lakedrift.filtering import Filter
from lakedrift.folding import with_model
from lakedrift.groupby import GroupBy
from lakedrift.increments import profile_increments
from lakedrift.manifest import Span
from lakedrift.memory import NO_GROUPS, GroupedCounts, Shares, budget, share_out
from lakedrift.observer import Observer
from lakedrift.plan import Plan, make_plan
from lakedrift.profiles import Profile, StateKey
from lakedrift.reading import Reader
from lakedrift.refinement import refine
from lakedrift.roles import assigned
from lakedrift.scanners import open_scanner
from lakedrift.source import Source
from lakedrift.sources import is_files, open_source
from lakedrift.store import Lake, Series, Store, signature
from lakedrift.summaries.comoments import Comoments
from lakedrift.summaries.values import Values
from lakedrift.summary import Summary
from lakedrift.tabulation import Tables, Tabulation, tabulate

__all__ = ["Means", "Shelf", "counts_of", "loaded", "names_of", "open_side", "profiled", "refined"]


@dataclass(frozen=True, slots=True)
class Means:
    """What a run may use: who reads, bytes, and threads."""

    engine: str
    memory: int
    threads: int

    @classmethod
    def of(cls, reader: str, memory: int | str | None, threads: int | None) -> Self:
        """Return what the caller asks for, and of what it leaves out what this machine has.

        Raises
        ------
        UnknownNameError, UsageError, ConfigError
            If there is no such reader, or it is not installed; or a number makes no sense.
        """
        if threads is not None and threads < 1:
            msg = f"threads must be at least 1, not {threads}"
            raise UsageError(msg)
        means = cls(reader, budget(memory), threads or default_threads())
        open_scanner(reader, means.threads, means.memory)  # it fails before anything is read, or not at all
        return means

    def shares(self, states: Mapping[StateKey, Summary], grouped: GroupedCounts = NO_GROUPS) -> Shares:
        """Return how the memory is shared out, if these states and counts by group are held."""
        return share_out(self.memory, states.values(), self.threads, grouped)

    def reader(self, memory: int) -> Reader:
        """Return a reader that takes no more than so many bytes."""
        return Reader(self.engine, self.threads, memory)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the profiles of the files of a side are kept, and whether new grids are fitted."""

    series: Series
    lake: Lake
    refit: bool

    @classmethod
    def of(
        cls, store: Store | None, side: Any, selection: Selection, groupby: GroupBy, like: Profile | None = None, *, refit: bool
    ) -> Self | None:
        """Return where a store keeps a side, read and grouped in this way; None where there is no store."""
        if store is None:
            return None
        chosen: list[Any] = [selection.features, selection.exclude, dict(selection.kinds or {}), selection.where]
        chosen += [list(selection.correlations)] if selection.correlations else []
        chosen += [] if selection.roles is None else [dict(selection.roles)]
        grouped = [groupby.by, groupby.time, str(groupby.every), groupby.max_segments]
        series = store.series([chosen, grouped, None if like is None else signature(like)])
        return cls(series, store.lake(side if is_files(side) else ()), refit)


def open_side(side: Any, store: Store | None = None) -> Source | Profile:
    """Return what the caller points at, opened; a store may know the footers of its files."""
    if isinstance(side, Profile) or Profile.is_at(side):
        return loaded(side)
    return open_source(side, store.lake(side).fragments if store is not None and is_files(side) else None)


def loaded(profile: Profile | str | os.PathLike[str]) -> Profile:
    """Return a profile, or the one that is saved there."""
    return profile if isinstance(profile, Profile) else Profile.load(profile)


def names_of(side: Source | Profile) -> list[str]:
    """Return the columns that a side has."""
    return [feature.name for feature in side.features] if isinstance(side, Profile) else list(columns_of(side))


def profiled(
    side: Source | Profile,
    selection: Selection,
    groupby: GroupBy,
    like: Profile | None,
    known: Sequence[str],
    means: Means,
    stage: str,
    observer: Observer,
    shelf: Shelf | None = None,
) -> Profile:
    """Return the profile of a side, on the grids of `like` where it has them; `known` are the columns that may be named.

    Raises
    ------
    LakedriftError
        If a name is unknown, it cannot be read, or a law is broken.
    """
    if isinstance(side, Profile):
        return _restricted(side, selection, groupby, known)
    groupby = checked(groupby, side)
    steps = _Steps(side, selection, groupby, like, known, means, stage, observer)
    if shelf is not None:
        return profile_increments(shelf.series, shelf.lake, side, steps, refit=shelf.refit)
    return steps.scan(steps.plan(None), None)


def refined(
    profile: Profile,
    side: Source | Profile,
    states: Mapping[str, Values],
    where: str | None,
    means: Means,
    observer: Observer,
) -> Profile:
    """Return a profile with the values, of the features of these states, that one more scan finds."""
    if isinstance(side, Profile):
        return side
    observer.stage("again", _declared(side))
    shares = means.shares(profile.states, counts_of(profile))
    reader = means.reader(shares.reading - shares.values)
    return refine(profile, side, states, where, means.threads, observer, reader)


def counts_of(profile: Profile) -> GroupedCounts:
    """Return how much a profile counts by group."""
    return GroupedCounts.of((len(grouping), grouping.states.values()) for grouping in profile.groupings)


@dataclass(frozen=True, slots=True)
class _Steps:
    """How a side is profiled, step by step."""

    source: Source
    selection: Selection
    groupby: GroupBy
    model: Profile | None  # what it is like, where a step is not told another
    known: Sequence[str]
    means: Means
    stage: str
    observer: Observer

    def plan(self, like: Profile | None) -> Plan:
        like = like or self.model
        reader = self.means.reader(self.means.memory // 2)
        weighed = bool(self.groupby)
        return make_plan(self.source, self.selection, like=like, known=self.known, reader=reader, weighed=weighed)

    def grids(self, plan: Plan, like: Profile | None) -> Profile:
        groupings = tuple(one.blank() for one in self._tabulations(plan, like)[0])
        empty = Profile("", (), 0, 0, plan.features, plan.states, groupings=groupings)
        return replace(empty, time=self.groupby.time, every=self.groupby.every)

    def scan(self, plan: Plan, like: Profile | None) -> Profile:
        tabulations, spans = self._tabulations(plan, like)
        counts = GroupedCounts.of((len(one.roll), one.states.values()) for one in tabulations)
        reader = self.means.reader(self.means.shares(plan.states, counts).reading)
        self.observer.stage(self.stage, _declared(plan.source))
        found = run(plan, self.means.threads, self.observer, reader, Tables(self.groupby, tabulations, spans))
        model = like or self.model
        models = {} if model is None else {one.keys: one for one in model.groupings}
        return replace(found, groupings=tuple(with_model(one, models.get(one.keys)) for one in found.groupings))

    def _tabulations(self, plan: Plan, like: Profile | None) -> tuple[list[Tabulation], Mapping[str, Span]]:
        if not self.groupby:
            return [], {}
        self.observer.stage(f"{self.stage}: groups", _declared(plan.source))
        keep = None if plan.where is None else Filter(plan.where)
        like = like or self.model
        groupings = like.groupings if like is not None else ()
        reader = self.means.reader(self.means.memory // 2)
        rolls, spans = take_census(plan.source, self.groupby, keep, reader, self.observer, groupings)
        return tabulate(rolls, plan, self.groupby.every, like), spans


def _restricted(profile: Profile, selection: Selection, groupby: GroupBy, known: Sequence[str]) -> Profile:
    """Return a finished profile with what was asked for only.

    Raises
    ------
    UsageError
        If it does not hold what was asked for: rows cannot be filtered or grouped any more.
    """
    if selection.where is not None:
        msg = f"the rows of the profile {profile.name!r} cannot be filtered any more"
        raise UsageError(msg, hint="filter when you profile: where= or --where")
    _check_grouped(profile, groupby)
    roles = {feature.name: feature.role for feature in profile.features if feature.role != "feature"}
    if selection.roles is not None and not assigned(selection.roles, known).items() <= roles.items():
        msg = f"the profile {profile.name!r} was made without these roles"
        raise UsageError(msg, hint="give them when you profile: roles= or --role")
    if selection.features is not None or selection.exclude:
        names = select({feature.name: None for feature in profile.features}, (), selection, known)
        profile = profile.only([*names, *roles])
    if selection.correlations and not any(kind == Comoments.KIND for kind, _ in profile.states):
        msg = f"the profile {profile.name!r} has no correlations of these columns"
        raise UsageError(msg, hint="make it with correlations= or --correlations, of the same columns")
    return profile


def _check_grouped(profile: Profile, groupby: GroupBy) -> None:
    """Assert that a profile has the groups that are asked for: they cannot be made of it."""
    known = {grouping.keys for grouping in profile.groupings}
    every = None if groupby.every is None else str(groupby.every)
    same = (profile.time, str(profile.every)) == (groupby.time, every) or not groupby.time
    for keys in groupby.segmentations:
        if keys not in known or not same:
            msg = f"the profile {profile.name!r} has no groups by {', '.join(map(repr, keys)) or 'time'} as asked for"
            raise UsageError(msg, hint="make it with the same by=, time= and every=")


def _declared(source: Source) -> int | None:
    rows = [fragment.rows for fragment in source.fragments]
    return None if None in rows else sum(count or 0 for count in rows)

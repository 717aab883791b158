"""Profiling a lake by what is new in it: fragments that a store knows are not read again.

A sum of profiles is brought up to date by taking away what is gone and adding what is new. Where it is not known what is left,
that is summed anew from the profiles of all fragments that are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from lakedrift.errors import SourceChangedError, UsageError
from lakedrift.manifest import Entry
from lakedrift.merging import sum_of_states
from lakedrift.plan import Plan
from lakedrift.profiles import Profile
from lakedrift.source import Fragment, Source
from lakedrift.store import Fit, Lake, Series, keys_on
from lakedrift.total import Total

__all__ = ["Steps", "profile_increments"]

WRITERS = 4  # profiles that are written at a time: what takes long is to wait for the disk
TOGETHER = 16  # profiles that are summed at a time, and not held any longer


class Steps(Protocol):
    """How a source is profiled, step by step."""

    def plan(self, like: Profile | None) -> Plan:
        """Return the plan for the whole source, on the grids of a profile where it has them."""

    def grids(self, plan: Plan, like: Profile | None) -> Profile:
        """Return the profile of no rows of a plan, with its groupings."""

    def scan(self, plan: Plan, like: Profile | None) -> Profile:
        """Return what a scan of the plan's source finds, on the grids of a profile."""


def profile_increments(series: Series, lake: Lake, source: Source, steps: Steps, *, refit: bool) -> Profile:
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
    plan, fit = _pinned(series, steps, refit=refit)
    with ThreadPoolExecutor(WRITERS) as writers:
        found = _Audit(fit, source, plan, steps, writers).profile(lake.name)
    lake.keep(source.fragments)
    fit.sweep()
    return found


def _pinned(series: Series, steps: Steps, *, refit: bool) -> tuple[Plan, Fit]:
    """Return the plan on the grids of the series, which gets those of columns that it does not have yet."""
    while True:
        before = series.fit()
        known = None if refit or before is None else before.grids
        plan = steps.plan(known)
        if before is not None and known is not None and all(feature.name in known for feature in plan.features):
            return plan, before
        grids = steps.grids(plan, known)
        fit = series.pin(grids if known is None else _widened(known, grids), before, refit=refit)
        if fit is not None:
            return plan, fit
        refit = False  # somebody else was first, and this is on top of it


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


def _keyed(total: Profile) -> dict[str, Entry]:
    """Return the fragments of a total by the keys that they have on its own grids: a column may be of another kind by now."""
    key = keys_on(total)
    return {key(entry): entry for entry in total.fragments}


class _Audit:
    """One look at a source."""

    def __init__(self, fit: Fit, source: Source, plan: Plan, steps: Steps, writers: ThreadPoolExecutor) -> None:
        self._fit, self._source, self._plan, self._steps, self._writers = fit, source, plan, steps, writers
        self._grids = _of_plan(plan, fit.grids)
        key = keys_on(self._grids)
        self._now = {key(one): one for one in source.fragments}
        self._writing: list[Future[None]] = []

    def profile(self, lake: str) -> Profile:
        """Return the profile of the source, having kept what was new."""
        total = self._fit.total(lake)
        before = _keyed(total.profile) if total is not None else {}
        gone = [key for key in before if key not in self._now]
        if total is None or len(gone) > len(before) // 2:
            found = self._with(self._nothing(), self._now)
        else:
            left = self._without(total, before, gone) if gone else total
            found = self._with(left, [key for key in self._now if key not in before])
        if found is not total:
            found.profile.check()
            for written in self._writing:
                written.result()
            self._fit.put_total(lake, found)
        self._forget(before, gone)
        return found.profile

    def _nothing(self) -> Total:
        return Total(replace(self._grids, name=self._source.name, fragments=()), {})

    def _with(self, total: Total, keys: Iterable[str]) -> Total:
        """Return a total with more fragments, of the columns of the plan."""
        waiting, found = list(keys), total
        if found.profile.features != self._plan.features:
            found = self._nothing().plus([found.of_states(self._grids)])
        while waiting:
            found = found.plus([self._of(key) for key in waiting[:TOGETHER]])
            del waiting[:TOGETHER]
        return found

    def _without(self, total: Total, before: Mapping[str, Entry], gone: Collection[str]) -> Total:
        """Return a total less what is gone."""
        parts = [self._fit.fragment(key) for key in gone]
        known = [Total.of(part) for part in parts if part is not None]
        rest = [key for key in self._now if key in before]
        if len(known) < len(parts):  # somebody else took it away, and a total that lacks it is theirs
            return self._with(self._nothing(), rest)
        left, unknown = total.without(known)
        if not unknown:
            return left
        states = [{key: self._grids.states[key] for key in unknown & self._grids.states.keys()}]
        for key in rest:
            part = self._of(key).profile.states
            states.append({at: part[at] for at in unknown & part.keys()})
        anew = MappingProxyType(dict(sorted({**left.profile.states, **sum_of_states(states)}.items())))
        return replace(left, profile=replace(left.profile, states=anew))

    def _forget(self, before: Mapping[str, Entry], gone: Iterable[str]) -> None:
        """Remove the profiles of files that are gone, and not only of other content."""
        for key in gone:
            if not Path(before[key].uri).exists():
                self._fit.forget(key)

    def _of(self, key: str) -> Total:
        """Return the profile of a fragment, which is scanned if it was not before."""
        known = self._fit.fragment(key)
        return Total.of(self._scanned(key, self._now[key]) if known is None else known)

    def _scanned(self, key: str, fragment: Fragment) -> Profile:
        names = set(fragment.names)
        features = tuple(feature for feature in self._plan.features if feature.name in names)
        states = {at: state for at, state in self._plan.states.items() if not names.isdisjoint(at[1])}
        part = replace(self._plan, source=self._source.part([fragment]), features=features, states=states)
        found = replace(self._steps.scan(part, self._grids), name=fragment.uri)
        status = Path(fragment.uri).stat()
        if (status.st_size, status.st_mtime_ns) != (fragment.bytes, fragment.modified):
            msg = f"{fragment.uri!r} changed while it was read"
            raise SourceChangedError(msg, hint="run again when nobody writes to it")
        self._writing.append(self._writers.submit(self._fit.keep, key, found))
        return found

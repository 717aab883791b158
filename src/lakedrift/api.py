"""The public verbs: sweep, profile, compare, merge."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, Self

from lakedrift.census import checked, present, take_census
from lakedrift.comparison import Comparison
from lakedrift.correlating import patterns_of
from lakedrift.engine import default_threads, run
from lakedrift.errors import UsageError
from lakedrift.feature import Feature, Kind
from lakedrift.filtering import Filter
from lakedrift.folding import with_model
from lakedrift.gate import Gate, check_gate
from lakedrift.groupby import MAX_SEGMENTS, By, GroupBy
from lakedrift.increments import profile_increments
from lakedrift.judgement import Rules, chosen_metrics, chosen_performances, judge, measured
from lakedrift.manifest import Span
from lakedrift.measure import Measure
from lakedrift.memory import LIBRARIES, NO_GROUPS, GroupedCounts, Shares, budget, share_out
from lakedrift.merging import merge
from lakedrift.metric import discover
from lakedrift.observer import Observer, Silent
from lakedrift.performance import performances
from lakedrift.performing import RANKING
from lakedrift.plan import Plan, Selection, columns_of, make_plan, select
from lakedrift.privacy import protected
from lakedrift.profiles import Profile, StateKey
from lakedrift.reading import Reader
from lakedrift.refinement import doubts, refine
from lakedrift.roles import Roles, assigned
from lakedrift.scanners import open_scanner
from lakedrift.side import Side
from lakedrift.source import Source
from lakedrift.sources import is_files, open_source
from lakedrift.storage import Storage
from lakedrift.store import Lake, Series, Store, signature
from lakedrift.summaries.comoments import Comoments
from lakedrift.summaries.values import Values
from lakedrift.summary import Summary
from lakedrift.tabulation import Tables, Tabulation, tabulate
from lakedrift.threshold import Thresholds
from lakedrift.window import Every
from lakedrift.windowing import Choice

__all__ = ["DryRun", "compare", "load", "merge", "plan_sweep", "profile", "sweep"]

MIN_ROWS = 500
Pairs = bool | str | Sequence[str]  # of columns: all numeric ones, none, or those of these names and patterns


def sweep(
    reference: Any,
    current: Any = None,
    *,
    features: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    roles: Roles | None = None,
    metrics: Sequence[str] | None = None,
    correlations: Pairs = False,
    where: str | None = None,
    engine: str = "polars",
    memory: int | str | None = None,
    threads: int | None = None,
    thresholds: Mapping[str, Any] | None = None,
    min_rows: int = MIN_ROWS,
    exact: bool = False,
    by: By | None = None,
    time: str | None = None,
    every: str | None = None,
    max_segments: int = MAX_SEGMENTS,
    fold: bool = False,
    against: str | Sequence[str] | None = None,
    baseline: str | None = None,
    gate: Gate = "lake",
    store: str | os.PathLike[str] | Storage | None = None,
    refit: bool = False,
    observer: Observer | None = None,
) -> Comparison:
    """Compare every feature of two datasets, or of the windows of one.

    Parameters
    ----------
    reference, current
        A path, directory, glob or list of Parquet files; a Polars, pandas or Arrow frame, or a Polars query; or a `Profile`,
        or the path of a saved one. Without a current side the windows of the reference are compared with one another.
    features, exclude
        Columns, by name or pattern; all but partition keys by default. A literal name wins over patterns.
    kinds
        How columns are read, by name or pattern: `{"zip": "categorical", "order_id": "identifier"}`.
    roles
        Columns by what they are to a model, which is then judged too: `{"score": "p", "prediction": "class", "label": "y",
        "value": "amount", "attribution": ["shap_*"]}`. A label is null while it is not known. They are features as well,
        whatever the patterns say; a label and attributions are shown, not judged.
    metrics
        Names of the metrics to compute beside the rates; all by default.
    correlations
        Whether to compare the correlations of all numeric columns, or of which, by name or pattern: `Comparison.correlations`
        lists them. Of whole lakes only.
    where
        A SQL condition on the rows of both sides.
    engine
        Who reads files: "polars", "duckdb" or "arrow"; the result is the same. Frames and queries are read by Polars.
    memory
        What the run may take above what the process holds already: bytes, or `"2GB"`; by default half of the machine, or of
        the container.
    threads
        Counting threads; by default as many as there are processors.
    thresholds
        Limits by metric, and by feature: `{"psi": (0.1, 0.25), "features": {"price_*": {"ks": (0.05, 0.1)}}}`.
    min_rows
        With fewer valid values on a side a feature is judged by its rates only.
    exact
        Whether to settle every Kolmogorov-Smirnov distance of two whole lakes by a second scan of the few values in doubt;
        without it, only those whose verdict hangs on it. Groups, and so one dated lake, have no second scan.
    by
        Segmentations: a column, a tuple of columns that are crossed, or a list of these, `["country", ("country", "device")]`.
        Partition keys are columns too.
    time, every
        A column of timestamps or dates, and how long the windows are that it is cut into: `1h`, `1d`, `1w`, `1mo`, `1q`, `1y`.
    max_segments
        How many segments a segmentation may have.
    fold
        Whether to keep the largest of more, and count all others as one, `__other__`. The current side keeps what the
        reference does.
    against
        What each window of the current side is compared with, one or several: all of the `reference`, the `previous` window,
        the windows before it in a length of time, `rolling:28d`, or the one so long ago, `season:1w`; all are whole windows. By
        default the reference; of one dataset without a baseline its rolling past: 7 days of hours, 28 of days, 8 weeks, 3
        months, a year of quarters, 3 years.
    baseline
        The windows of one dataset that are its reference, `2026-08-01..2026-10-31`, both included and either end open; those
        after it are judged. It begins and ends with a window.
    gate
        Whether the verdict of all is that of the whole `lake`, or of its `segments` too.
    store
        A folder, an `s3://` address, or any `lakedrift.storage.Storage`, that keeps the profile of every file, so that the next
        audit reads only what is new or changed. The first audit's grids serve all later ones. What a verdict hangs on is
        settled by a second scan, which reads everything, only with `exact`.
    refit
        Whether to fit new grids, and keep these instead; everything is read again.
    observer
        Who is told how the run gets on.

    Raises
    ------
    LakedriftError
        If a name is unknown, the input cannot be read, or a law is broken.
    """
    watch = observer or Silent()
    started = perf_counter()
    check_gate(gate)
    groupby = GroupBy.of(by, time, every, max_segments, fold)
    chosen, limits = chosen_metrics(metrics), _thresholds(thresholds)
    selection = Selection(features, exclude or (), kinds, where, patterns_of(correlations), roles)
    means, kept = _Means.of(engine, memory, threads), _store(store, groupby)
    sides = [_opened(side, kept) for side in (reference, current) if side is not None]
    _check_pairs(selection, len(sides))
    known = [name for side in sides for name in _names(side)]
    choice = Choice(against, baseline)
    choice.check(_every(sides[0], groupby), dated=len(sides) == 1)
    shelf = _shelf(kept, reference, selection, groupby, refit=refit)
    before = _profiled(sides[0], selection, groupby, None, known, means, "reference", watch, shelf)
    after = None
    if len(sides) == 2:
        now = _present(groupby, sides[1])
        shelf = _shelf(kept, current, selection, now, refit=refit and now != groupby)  # or they share the grids
        after = _profiled(sides[1], selection, now, before, known, means, "current", watch, shelf)
    rules = Rules(chosen, limits, min_rows, performances=chosen_performances(metrics))
    comparison = judge(before, after, rules, choice, gate, memory=means.memory)
    scans = doubts(comparison, exact=exact, memory=means.shares(before.states, _counts_of(before)).values)
    settled: dict[str, list[Measure]] = {}
    if after is not None and (exact or store is None) and not any(isinstance(side, Profile) for side in sides):
        for scan in scans:
            again = [
                _refined(profile, side, {name: states[at] for name, states in scan.items()}, where, means, watch)
                for at, (profile, side) in enumerate(zip((before, after), sides, strict=True))
            ]
            settled |= measured(again[0], again[1], scan, rules)
    if settled or exact:
        del comparison  # of many groups, two would not fit
        comparison = judge(before, after, replace(rules, exact=exact), choice, gate, settled, means.memory)
    watch.done()
    comparison.seconds = perf_counter() - started
    return comparison


def profile(
    source: Any,
    *,
    like: Profile | str | os.PathLike[str] | None = None,
    features: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    roles: Roles | None = None,
    correlations: Pairs = False,
    where: str | None = None,
    engine: str = "polars",
    memory: int | str | None = None,
    threads: int | None = None,
    by: By | None = None,
    time: str | None = None,
    every: str | None = None,
    max_segments: int = MAX_SEGMENTS,
    fold: bool = False,
    store: str | os.PathLike[str] | Storage | None = None,
    refit: bool = False,
    private: int | None = None,
    observer: Observer | None = None,
) -> Profile:
    """Scan a dataset once into a profile; parameters as of `sweep`, and `like`, a profile whose kinds and grids are used.

    With `private`, no category and no numeric cell of the profile is one that fewer rows share, and it says so; the grids of
    such a profile are its own.

    Raises
    ------
    LakedriftError
        If a name is unknown, the input cannot be read, or a law is broken.
    """
    watch = observer or Silent()
    model = None if like is None else _known(like)
    known = [feature.name for feature in model.features] if model is not None else []
    selection = Selection(features, exclude or (), kinds, where, patterns_of(correlations), roles)
    means = _Means.of(engine, memory, threads)
    groupby = GroupBy.of(by, time, every, max_segments, fold)
    kept = _store(store, groupby)
    side, shelf = _opened(source, kept), _shelf(kept, source, selection, groupby, model, refit=refit)
    found = _profiled(side, selection, groupby, model, known, means, "profile", watch, shelf)
    watch.done()
    return found if private is None else protected(found, private)


def compare(
    reference: Profile | str | os.PathLike[str],
    current: Profile | str | os.PathLike[str] | None = None,
    *,
    against: str | Sequence[str] | None = None,
    baseline: str | None = None,
    metrics: Sequence[str] | None = None,
    thresholds: Mapping[str, Any] | None = None,
    min_rows: int = MIN_ROWS,
    gate: Gate = "lake",
    memory: int | str | None = None,
) -> Comparison:
    """Compare two profiles or saved ones by their paths, or the windows of one.

    The bounds are tightest when one was made `like` the other. The parameters are those of `sweep`.

    Raises
    ------
    UnknownNameError, ConfigError, SchemaError
        If a name or limit is wrong, there is nothing to compare with, or the two have no feature in common.
    IncompatibleProfilesError
        If the two are not grouped alike.
    ResourceError
        If there are more segments, windows and features to compare than memory holds.
    """
    check_gate(gate)
    chosen, limit = chosen_metrics(metrics), budget(memory)
    rules = Rules(chosen, _thresholds(thresholds), min_rows, performances=chosen_performances(metrics))
    after = None if current is None else _known(current)
    return judge(_known(reference), after, rules, Choice(against, baseline), gate, memory=limit)


def load(path: str | os.PathLike[str]) -> Profile:
    """Return the profile that `Profile.save` wrote to a file or an `s3://` address.

    Raises
    ------
    SourceNotFoundError
        If there is nothing.
    StoreError
        If it cannot be read, or is no sound profile.
    """
    return Profile.load(path)


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a sweep would do: its sides, the features, and rough estimates: of the time in seconds, of the memory in bytes."""

    sides: tuple[Side, ...]
    features: tuple[Feature, ...]
    seconds: float | None
    memory: int


CELLS_A_SECOND = 5e7  # values that one thread reads and counts in a second, roughly


def plan_sweep(
    reference: Any,
    current: Any = None,
    *,
    features: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    roles: Roles | None = None,
    metrics: Sequence[str] | None = None,
    correlations: Pairs = False,
    where: str | None = None,
    engine: str = "polars",
    memory: int | str | None = None,
    threads: int | None = None,
    thresholds: Mapping[str, Any] | None = None,
    min_rows: int = MIN_ROWS,
    exact: bool = False,
    by: By | None = None,
    time: str | None = None,
    every: str | None = None,
    max_segments: int = MAX_SEGMENTS,
    fold: bool = False,
    against: str | Sequence[str] | None = None,
    baseline: str | None = None,
    gate: Gate = "lake",
    store: str | os.PathLike[str] | Storage | None = None,
    refit: bool = False,
) -> DryRun:
    """Say what a sweep with the same arguments would read; only footers and the fit sample are read, so no group is known.

    Raises
    ------
    LakedriftError
        As `sweep` would.
    """
    check_gate(gate)
    del min_rows, exact, store, refit  # whatever they are, the same is read, or less
    chosen_metrics(metrics)
    _thresholds(thresholds)
    means = _Means.of(engine, memory, threads)
    opened = [_opened(side) for side in (reference, current) if side is not None]
    selection = Selection(features, exclude or (), kinds, where, patterns_of(correlations), roles)
    _check_pairs(selection, len(opened))
    groupby = GroupBy.of(by, time, every, max_segments, fold)
    Choice(against, baseline).check(_every(opened[0], groupby), dated=len(opened) == 1)
    for side, wanted in zip(opened, (groupby, *(_present(groupby, side) for side in opened[1:])), strict=True):
        if not isinstance(side, Profile):
            checked(wanted, side)
    known = [name for side in opened for name in _names(side)]
    before = _draft(opened[0], selection, None, known, means)
    like = before if isinstance(before, Profile) else Profile(before.source.name, (), 0, 0, before.features, before.states)
    afters = [_draft(side, selection, like, known, means) for side in opened[1:]]
    drafts = [draft for draft in (before, *afters) if isinstance(draft, Plan)]
    needed = max((_needed(draft, means) for draft in drafts), default=0)
    values = sum(_side(draft.source).rows * len(draft.features) for draft in drafts)
    sides = tuple(_side(side) for side in opened)
    return DryRun(sides, before.features, values / CELLS_A_SECOND / means.threads, needed)


def _draft(
    side: Source | Profile, selection: Selection, like: Profile | None, known: Sequence[str], means: _Means
) -> Plan | Profile:
    """Return the plan of a side, or the profile that needs none."""
    if isinstance(side, Profile):
        return side
    return make_plan(side, selection, like=like, known=known, reader=means.reader(means.memory // 2))


def _needed(plan: Plan, means: _Means) -> int:
    """Return about how many bytes a plan takes.

    Raises
    ------
    ResourceError
        If it does not fit.
    """
    shares = means.shares(plan.states)
    reader = means.reader(shares.reading)
    keep = () if plan.where is None else Filter(plan.where).needed
    scans = plan.source.scans([feature.name for feature in plan.features], keep)
    reader.check(scans)
    return LIBRARIES + shares.states + reader.needs(scans)


@dataclass(frozen=True, slots=True)
class _Means:
    """What a run may use: who reads, bytes, and threads."""

    engine: str
    memory: int
    threads: int

    @classmethod
    def of(cls, reader: str, memory: int | str | None, threads: int | None) -> Self:
        if threads is not None and threads < 1:
            msg = f"threads must be at least 1, not {threads}"
            raise UsageError(msg)
        means = cls(reader, budget(memory), threads or default_threads())
        open_scanner(reader, means.threads, means.memory)  # it fails before anything is read, or not at all
        return means

    def shares(self, states: Mapping[StateKey, Summary], grouped: GroupedCounts = NO_GROUPS) -> Shares:
        return share_out(self.memory, states.values(), self.threads, grouped)

    def reader(self, memory: int) -> Reader:
        return Reader(self.engine, self.threads, memory)


def _side(source: Source | Profile) -> Side:
    if isinstance(source, Profile):
        return Side.of(source)
    fragments = source.fragments
    rows, size = sum(found.rows or 0 for found in fragments), sum(found.bytes for found in fragments)
    return Side(source.name, rows, len(fragments), size)


def _opened(side: Any, store: Store | None = None) -> Source | Profile:
    if isinstance(side, Profile) or Profile.is_at(side):
        return _known(side)
    return open_source(side, store.lake(side).fragments if store is not None and is_files(side) else None)


def _known(profile: Profile | str | os.PathLike[str]) -> Profile:
    """Return a profile, or the one that is saved there."""
    return profile if isinstance(profile, Profile) else Profile.load(profile)


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


def _check_pairs(selection: Selection, sides: int) -> None:
    """Refuse correlations where there is nothing to compare them with."""
    if selection.correlations and sides == 1:
        msg = "correlations are compared between two datasets, not between the windows of one"
        raise UsageError(msg, hint="leave correlations out, or pass both sides")


def _every(side: Source | Profile, groupby: GroupBy) -> Every | None:
    """Return the length of the windows of a side, in its zone."""
    return side.every if isinstance(side, Profile) else checked(groupby, side).every


def _present(groupby: GroupBy, side: Source | Profile) -> GroupBy:
    """Return what the current side can be grouped by: that it lacks a key is a finding."""
    return groupby if isinstance(side, Profile) else present(groupby, side)


def _names(side: Source | Profile) -> list[str]:
    return [feature.name for feature in side.features] if isinstance(side, Profile) else list(columns_of(side))


def _profiled(
    side: Source | Profile,
    selection: Selection,
    groupby: GroupBy,
    like: Profile | None,
    known: Sequence[str],
    means: _Means,
    stage: str,
    observer: Observer,
    shelf: _Shelf | None = None,
) -> Profile:
    if isinstance(side, Profile):
        return _restricted(side, selection, groupby, known)
    groupby = checked(groupby, side)
    steps = _Steps(side, selection, groupby, like, known, means, stage, observer)
    if shelf is not None:
        return profile_increments(shelf.series, shelf.lake, side, steps, refit=shelf.refit)
    return steps.scan(steps.plan(None), None)


@dataclass(frozen=True, slots=True)
class _Steps:
    """How a side is profiled, step by step."""

    source: Source
    selection: Selection
    groupby: GroupBy
    model: Profile | None  # what it is like, where a step is not told another
    known: Sequence[str]
    means: _Means
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


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Where the profiles of the files of a side are kept, and whether new grids are fitted."""

    series: Series
    lake: Lake
    refit: bool


def _store(store: str | os.PathLike[str] | Storage | None, groupby: GroupBy) -> Store | None:
    """Return the store that was asked for.

    Raises
    ------
    UsageError
        If what is asked for depends on the whole lake, so that no part of it can be kept.
    """
    if store is None:
        return None
    if groupby.fold:
        msg = "which segments are folded depends on the whole lake, so that a store cannot keep parts of it"
        raise UsageError(msg, hint="leave fold or store out, or raise max_segments")
    return Store.at(store)


def _shelf(
    store: Store | None, side: Any, selection: Selection, groupby: GroupBy, like: Profile | None = None, *, refit: bool
) -> _Shelf | None:
    if store is None:
        return None
    chosen: list[Any] = [selection.features, selection.exclude, dict(selection.kinds or {}), selection.where]
    chosen += [list(selection.correlations)] if selection.correlations else []
    chosen += [] if selection.roles is None else [dict(selection.roles)]
    grouped = [groupby.by, groupby.time, str(groupby.every), groupby.max_segments]
    series = store.series([chosen, grouped, None if like is None else signature(like)])
    return _Shelf(series, store.lake(side if is_files(side) else ()), refit)


def _refined(
    profile: Profile,
    side: Source | Profile,
    states: Mapping[str, Values],
    where: str | None,
    means: _Means,
    observer: Observer,
) -> Profile:
    if isinstance(side, Profile):
        return side
    observer.stage("again", _declared(side))
    shares = means.shares(profile.states, _counts_of(profile))
    reader = means.reader(shares.reading - shares.values)
    return refine(profile, side, states, where, means.threads, observer, reader)


def _check_grouped(profile: Profile, groupby: GroupBy) -> None:
    """Assert that a profile has the groups that are asked for: they cannot be made of it."""
    known = {grouping.keys for grouping in profile.groupings}
    every = None if groupby.every is None else str(groupby.every)
    same = (profile.time, str(profile.every)) == (groupby.time, every) or not groupby.time
    for keys in groupby.segmentations:
        if keys not in known or not same:
            msg = f"the profile {profile.name!r} has no groups by {', '.join(map(repr, keys)) or 'time'} as asked for"
            raise UsageError(msg, hint="make it with the same by=, time= and every=")


def _counts_of(profile: Profile) -> GroupedCounts:
    return GroupedCounts.of((len(grouping), grouping.states.values()) for grouping in profile.groupings)


def _declared(source: Source) -> int | None:
    rows = [fragment.rows for fragment in source.fragments]
    return None if None in rows else sum(count or 0 for count in rows)


def _thresholds(given: Mapping[str, Any] | None) -> Thresholds:
    return Thresholds.of(given, [*discover(), *performances(), RANKING])

"""The public verbs: sweep, profile, compare, merge."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from lakedrift.census import checked, present
from lakedrift.choosing import Selection
from lakedrift.comparison import Comparison
from lakedrift.correlating import patterns_of
from lakedrift.drafting import DryRun
from lakedrift.errors import UsageError
from lakedrift.feature import Kind
from lakedrift.gate import Gate, check_gate
from lakedrift.groupby import MAX_SEGMENTS, By, GroupBy
from lakedrift.judgement import Rules, chosen_metrics, chosen_performances, judge, measured
from lakedrift.measure import Measure
from lakedrift.memory import budget
from lakedrift.merging import merge
from lakedrift.metric import discover
from lakedrift.observer import Observer, Silent
from lakedrift.performance import performances
from lakedrift.performing import RANKING
from lakedrift.privacy import protected
from lakedrift.profiles import Profile
from lakedrift.profiling import Means, Shelf, counts_of, loaded, names_of, open_side, profiled, refined
from lakedrift.refinement import doubts
from lakedrift.roles import Roles
from lakedrift.source import Source
from lakedrift.storage import Storage
from lakedrift.store import Store
from lakedrift.summaries.values import Values
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
    means, kept = Means.of(engine, memory, threads), _store(store, groupby)
    sides = [open_side(side, kept) for side in (reference, current) if side is not None]
    _check_pairs(selection, len(sides))
    known = [name for side in sides for name in names_of(side)]
    choice = Choice(against, baseline)
    choice.check(_every(sides[0], groupby), dated=len(sides) == 1)
    shelf = Shelf.of(kept, reference, selection, groupby, refit=refit)
    before = profiled(sides[0], selection, groupby, None, known, means, "reference", watch, shelf)
    after = None
    if len(sides) == 2:
        now = _present(groupby, sides[1])
        shelf = Shelf.of(kept, current, selection, now, refit=refit and now != groupby)  # or they share the grids
        after = profiled(sides[1], selection, now, before, known, means, "current", watch, shelf)
    rules = Rules(chosen, limits, min_rows, performances=chosen_performances(metrics))
    comparison = judge(before, after, rules, choice, gate, memory=means.memory)
    room = means.shares(before.states, counts_of(before)).values
    scans = doubts(comparison, exact=exact, memory=room, threads=means.threads)
    settled: dict[str, list[Measure]] = {}
    if after is not None and (exact or store is None) and not any(isinstance(side, Profile) for side in sides):
        while scans:
            settled |= _settled((before, after), sides, scans.pop(0), where, rules, means, watch)
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
    model = None if like is None else loaded(like)
    known = [feature.name for feature in model.features] if model is not None else []
    selection = Selection(features, exclude or (), kinds, where, patterns_of(correlations), roles)
    means = Means.of(engine, memory, threads)
    groupby = GroupBy.of(by, time, every, max_segments, fold)
    kept = _store(store, groupby)
    side, shelf = open_side(source, kept), Shelf.of(kept, source, selection, groupby, model, refit=refit)
    found = profiled(side, selection, groupby, model, known, means, "profile", watch, shelf)
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
    after = None if current is None else loaded(current)
    return judge(loaded(reference), after, rules, Choice(against, baseline), gate, memory=limit)


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
    means = Means.of(engine, memory, threads)
    opened = [open_side(side) for side in (reference, current) if side is not None]
    selection = Selection(features, exclude or (), kinds, where, patterns_of(correlations), roles)
    _check_pairs(selection, len(opened))
    groupby = GroupBy.of(by, time, every, max_segments, fold)
    Choice(against, baseline).check(_every(opened[0], groupby), dated=len(opened) == 1)
    for side, wanted in zip(opened, (groupby, *(_present(groupby, side) for side in opened[1:])), strict=True):
        if not isinstance(side, Profile):
            checked(wanted, side)
    known = [name for side in opened for name in names_of(side)]
    return DryRun.of(opened, selection, known, means)


def _settled(
    profiles: tuple[Profile, Profile],
    sides: Sequence[Source | Profile],
    scan: Mapping[str, tuple[Values, Values]],
    where: str | None,
    rules: Rules,
    means: Means,
    watch: Observer,
) -> dict[str, list[Measure]]:
    """Return what one more scan of both sides settles, without the values that it takes."""
    again = [
        refined(profile, side, {name: states[at] for name, states in scan.items()}, where, means, watch)
        for at, (profile, side) in enumerate(zip(profiles, sides, strict=True))
    ]
    return measured(again[0], again[1], scan, rules)


def _thresholds(given: Mapping[str, Any] | None) -> Thresholds:
    return Thresholds.of(given, [*discover(), *performances(), RANKING])


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

"""The public verbs: sweep, profile, compare, merge."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakedrift import engine
from lakedrift.comparison import Comparison, Side
from lakedrift.errors import UsageError
from lakedrift.feature import Feature, Kind
from lakedrift.judgement import chosen_metrics, judge
from lakedrift.metric import discover
from lakedrift.observer import Observer, Silent
from lakedrift.plan import Selection, columns_of, make_plan
from lakedrift.profiles import Profile, merge
from lakedrift.refinement import doubts, refine
from lakedrift.source import Source
from lakedrift.sources import open_source
from lakedrift.summaries.values import Values
from lakedrift.threshold import Thresholds

__all__ = ["DryRun", "compare", "merge", "plan_sweep", "profile", "sweep"]

MIN_ROWS = 500
VALUES_MEMORY = 512 << 20  # bytes that values kept by a second scan may take


def sweep(
    reference: Any,
    current: Any,
    *,
    features: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    metrics: Sequence[str] | None = None,
    where: str | None = None,
    threads: int | None = None,
    thresholds: Mapping[str, Any] | None = None,
    min_rows: int = MIN_ROWS,
    exact: bool = False,
    observer: Observer | None = None,
) -> Comparison:
    """Compare every feature of two datasets.

    Parameters
    ----------
    reference, current
        A path, directory, glob or list of Parquet files; a Polars, pandas or Arrow frame, or a Polars query; or a `Profile`.
    features, exclude
        Columns, by name or pattern; all but partition keys by default. A literal name wins over patterns.
    kinds
        How columns are read, by name or pattern: `{"zip": "categorical", "order_id": "identifier"}`.
    metrics
        Names of the metrics to compute beside the rates; all by default.
    where
        A SQL condition on the rows of both sides.
    threads
        Counting threads; by default as many as there are processors.
    thresholds
        Limits by metric, and by feature: `{"psi": (0.1, 0.25), "features": {"price_*": {"ks": (0.05, 0.1)}}}`.
    min_rows
        With fewer valid values on a side a feature is judged by its rates only.
    exact
        Whether to settle every Kolmogorov-Smirnov distance by a second scan of the few values in doubt; without it, only
        those whose verdict hangs on it.
    observer
        Who is told how the run gets on.

    Raises
    ------
    LakedriftError
        If a name is unknown, the input cannot be read, or a law is broken.
    """
    watch = observer or Silent()
    started = time.perf_counter()
    chosen, limits = chosen_metrics(metrics), _thresholds(thresholds)
    selection = Selection(features, exclude or (), kinds, where)
    sides = [_opened(side) for side in (reference, current)]
    known = [name for side in sides for name in _names(side)]
    before = _profiled(sides[0], selection, None, known, threads, "reference", watch)
    after = _profiled(sides[1], selection, before, known, threads, "current", watch)
    options: dict[str, Any] = {"metrics": chosen, "thresholds": limits, "min_rows": min_rows}
    comparison = judge(before, after, **options)
    doubtful = doubts(comparison, exact=exact, memory=VALUES_MEMORY)
    if doubtful and not any(isinstance(side, Profile) for side in sides):
        first, second = ({name: states[at] for name, states in doubtful.items()} for at in (0, 1))
        before = _refined(before, sides[0], first, where, threads, "reference again", watch)
        after = _refined(after, sides[1], second, where, threads, "current again", watch)
    if doubtful or exact:
        comparison = judge(before, after, exact=exact, **options)
    watch.done()
    comparison.seconds = time.perf_counter() - started
    return comparison


def profile(
    source: Any,
    *,
    like: Profile | None = None,
    features: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    where: str | None = None,
    threads: int | None = None,
    observer: Observer | None = None,
) -> Profile:
    """Scan a dataset once into a profile; parameters as of `sweep`, and `like`, a profile whose kinds and grids are used.

    Raises
    ------
    LakedriftError
        If a name is unknown, the input cannot be read, or a law is broken.
    """
    watch = observer or Silent()
    known = [feature.name for feature in like.features] if like is not None else []
    found = _profiled(
        open_source(source), Selection(features, exclude or (), kinds, where), like, known, threads, "profile", watch
    )
    watch.done()
    return found


def compare(
    reference: Profile,
    current: Profile,
    *,
    metrics: Sequence[str] | None = None,
    thresholds: Mapping[str, Any] | None = None,
    min_rows: int = MIN_ROWS,
) -> Comparison:
    """Compare two profiles, whatever their grids; the bounds are tightest when one was made `like` the other.

    Raises
    ------
    UnknownNameError, ConfigError, SchemaError
        If a name or limit is wrong, or the two have no feature in common.
    """
    chosen = chosen_metrics(metrics)
    return judge(reference, current, metrics=chosen, thresholds=_thresholds(thresholds), min_rows=min_rows)


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a sweep would do: its sides, the features, and a rough estimate of the time, in seconds."""

    sides: tuple[Side, ...]
    features: tuple[Feature, ...]
    seconds: float | None


CELLS_A_SECOND = 5e7  # values that one thread reads and counts in a second, roughly


def plan_sweep(
    reference: Any,
    current: Any,
    *,
    features: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    metrics: Sequence[str] | None = None,
    where: str | None = None,
    threads: int | None = None,
    thresholds: Mapping[str, Any] | None = None,
    min_rows: int = MIN_ROWS,
    exact: bool = False,
) -> DryRun:
    """Say what a sweep with the same arguments would read; only footers and the fit sample are read.

    Raises
    ------
    LakedriftError
        As `sweep` would.
    """
    del min_rows, exact
    chosen_metrics(metrics)
    _thresholds(thresholds)
    opened = [open_source(side) for side in (reference, current)]
    known = [name for side in opened for name in columns_of(side)]
    plan = make_plan(opened[0], Selection(features, exclude or (), kinds, where), known=known)
    sides = tuple(_side(source) for source in opened)
    values = sum(side.rows for side in sides) * len(plan.features)
    return DryRun(sides, plan.features, values / CELLS_A_SECOND / (threads or engine.default_threads()))


def _side(source: Source) -> Side:
    fragments = source.fragments
    rows, size = sum(found.rows or 0 for found in fragments), sum(found.bytes for found in fragments)
    return Side(source.name, rows, len(fragments), size)


def _opened(side: Any) -> Source | Profile:
    return side if isinstance(side, Profile) else open_source(side)


def _names(side: Source | Profile) -> list[str]:
    return [feature.name for feature in side.features] if isinstance(side, Profile) else list(columns_of(side))


def _profiled(
    side: Source | Profile,
    selection: Selection,
    like: Profile | None,
    known: Sequence[str],
    threads: int | None,
    stage: str,
    observer: Observer,
) -> Profile:
    if isinstance(side, Profile):
        return side
    if threads is not None and threads < 1:
        msg = f"threads must be at least 1, not {threads}"
        raise UsageError(msg)
    plan = make_plan(side, selection, like=like, known=known)
    observer.stage(stage, _declared(side))
    return engine.run(plan, threads or engine.default_threads(), observer)


def _refined(
    profile: Profile,
    side: Source | Profile,
    states: Mapping[str, Values],
    where: str | None,
    threads: int | None,
    stage: str,
    observer: Observer,
) -> Profile:
    if isinstance(side, Profile):
        return side
    observer.stage(stage, _declared(side))
    return refine(profile, side, states, where, threads or engine.default_threads(), observer)


def _declared(source: Source) -> int | None:
    rows = [fragment.rows for fragment in source.fragments]
    return None if None in rows else sum(count or 0 for count in rows)


def _thresholds(given: Mapping[str, Any] | None) -> Thresholds:
    return Thresholds.of(given, discover())

"""Which groups of both sides are compared with which: arrays over the rows of a comparison.

A row is a segment in a window against something. What it adds up of either side are groups that follow one another when they
are sorted by segment and window, whatever it is compared with: so a sum is the difference of two running sums.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lakedrift.against import REFERENCE, Against, Baseline
from lakedrift.grouping import Grouping
from lakedrift.window import ALL_TIME, LAST, NO_TIME, Every, Instants

__all__ = ["Matches", "Spans", "match", "whole_lake"]

Counts = NDArray[np.int64]
_Span = tuple[Counts, Counts]
MISSED = 1.0  # rows: where fewer were to be expected, a segment that has none in a window is not missed


@dataclass(frozen=True, eq=False)
class Spans:
    """Groups to add up for each row.

    Attributes
    ----------
    order
        (n_groups,) the groups by segment and window.
    starts, stops
        (n,) of that order, the first group and the one after the last; equal where there is none.
    """

    order: Counts
    starts: Counts
    stops: Counts

    @property
    def any(self) -> bool:
        """Whether a row adds up any group."""
        return bool((self.starts < self.stops).any())

    @functools.cached_property
    def apart(self) -> bool:
        """Whether no row adds up several groups, as where there are no windows."""
        return bool((self.stops - self.starts <= 1).all())

    def prepared(self, counts: Counts) -> Counts:
        """Return what `sums` looks at, of counts (n_groups, …): the groups in order and none, or their running sums."""
        prepared = np.zeros((len(counts) + 1, *counts.shape[1:]), np.int64)
        if self.apart:
            prepared[:-1] = counts[self.order]
        else:
            np.cumsum(counts[self.order], axis=0, out=prepared[1:])
        return prepared

    def sums(self, prepared: Counts, rows: slice = slice(None)) -> Counts:
        """Return what each of some rows adds up, (n, …)."""
        starts, stops = self.starts[rows], self.stops[rows]
        if self.apart:
            return prepared[np.where(starts < stops, starts, len(self.order))]
        return prepared[stops] - prepared[starts]


@dataclass(frozen=True, eq=False)
class Matches:
    """The rows of one segmentation, by what they are compared with, then window, then segment.

    Attributes
    ----------
    keys
        The segmentation.
    segments
        A row a segment: its label, and the value of each key as `by.<key>`.
    segment, against
        (n,) places in `segments` and `names`.
    windows, ends
        (n,) when the window starts and ends; ALL_TIME where there is no column of time.
    names
        What rows are compared with.
    before, past, now
        What each row adds up: groups of the reference and of the current side to be compared with, and of the current side.
    rows
        (n,) rows of the lake on the reference and on the current side.
    families
        (n,) the number of the window and what it is compared with, from 0 on.
    lake
        The same with all segments as one, a row a family; None of itself.
    """

    keys: tuple[str, ...]
    segments: pl.DataFrame
    names: tuple[str, ...]
    segment: Counts
    against: Counts
    windows: Instants
    ends: Instants
    before: Spans
    past: Spans
    now: Spans
    rows: tuple[Counts, Counts]
    families: Counts
    lake: Matches | None = None

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.segment)

    def take(self, at: Counts) -> Matches:
        """Return some rows, by place, in their order."""
        spans = (replace(span, starts=span.starts[at], stops=span.stops[at]) for span in (self.before, self.past, self.now))
        names = ("segment", "against", "windows", "ends", "families")
        before, past, now = spans
        rows = self.rows[0][at], self.rows[1][at]
        return replace(self, **{name: getattr(self, name)[at] for name in names}, before=before, past=past, now=now, rows=rows)

    @property
    def family(self) -> Matches:
        """All segments as one, in the one window that these rows are of."""
        lake = self if self.lake is None else self.lake
        return lake.take(self.families[:1])

    @property
    def lake_rows(self) -> tuple[Counts, Counts]:
        """The rows of all segments in the window of each row, on either side, (n,) each."""
        before, now = (self if self.lake is None else self.lake).rows
        return before[self.families], now[self.families]


def whole_lake(reference_rows: int, current_rows: int) -> Matches:
    """Return the one row of two whole lakes."""
    one, zero = np.ones(1, np.int64), np.zeros(1, np.int64)
    everything, nothing, always = Spans(zero, zero, one), Spans(zero, zero, zero), np.full(1, ALL_TIME)
    rows = np.array([reference_rows]), np.array([current_rows])
    segments = pl.DataFrame({"segment": [""]})
    return Matches((), segments, (REFERENCE,), zero, zero, always, always, everything, nothing, everything, rows, zero)


def match(reference: Grouping, current: Grouping, against: Sequence[Against], baseline: Baseline | None, first: int) -> Matches:
    """Match the groups of two lakes, or of one with itself.

    Parameters
    ----------
    against
        What every window is compared with.
    baseline
        The windows of the reference that are compared with as `reference`; None for all of them.
    first
        The current windows are those that start from here on.
    """
    segments, codes = _segments(reference, current)
    everything = pl.DataFrame({"segment": [""]})
    together = np.zeros(len(reference), np.int64), np.zeros(len(current), np.int64)
    groupings, choice = (reference, current), (against, baseline, first)
    lake = _matched(groupings, everything, together, *choice)
    return replace(_matched(groupings, segments, codes, *choice), lake=lake)


def _matched(
    groupings: tuple[Grouping, Grouping],
    segments: pl.DataFrame,
    codes: tuple[Counts, Counts],
    against: Sequence[Against],
    baseline: Baseline | None,
    first: int,
) -> Matches:
    reference, current = (_Index.of(code, grouping, len(segments)) for code, grouping in zip(codes, groupings, strict=True))
    every = groupings[1].every
    found = [
        one.among(place)
        for place, against_one in enumerate(against)
        for one in _rows_of(against_one, (reference, current), every, baseline, first)
    ]
    rows = _Rows.joined(found)
    before, past, now = (
        Spans(index.order, *span) for index, span in ((reference, rows.before), (current, rows.past), (current, rows.now))
    )
    ends = rows.windows if every is None else every.end(rows.windows)
    names = tuple(one.name for one in against)
    spans, sizes = (before, past, now), (rows.sizes[0], rows.sizes[1])
    families = np.repeat(np.arange(len(found)), [len(one.segment) for one in found])
    keys = groupings[1].keys
    return Matches(keys, segments, names, rows.segment, rows.against, rows.windows, ends, *spans, sizes, families)


def _segments(reference: Grouping, current: Grouping) -> tuple[pl.DataFrame, tuple[Counts, Counts]]:
    """Return every segment of either side, nulls first, then by bytes, and which of them each group is in."""
    names = [f"by.{key}" for key in current.keys]
    tables = [
        pl.DataFrame(
            [side.labels().alias("segment"), *(column.alias(name) for column, name in zip(side.values, names, strict=True))]
        )
        for side in (reference, current)
    ]
    segments = pl.concat(tables).unique().sort(names or ["segment"])
    numbered = segments.select("segment").with_row_index("at")
    codes = [table.join(numbered, on="segment", how="left", maintain_order="left")["at"] for table in tables]
    return segments, (codes[0].cast(pl.Int64).to_numpy(), codes[1].cast(pl.Int64).to_numpy())


@dataclass(frozen=True, eq=False)
class _Index:
    """Where the groups of each segment and window stand when sorted by both."""

    windows: Instants  # the different ones
    n_segments: int
    order: Counts
    keys: Counts  # segment * (n_windows + 1) + window, ascending
    running: Counts  # rows of the first 0, 1, … groups in this order

    @classmethod
    def of(cls, segment: Counts, grouping: Grouping, n_segments: int) -> _Index:
        windows = np.unique(grouping.windows)
        keys = segment * (len(windows) + 1) + np.searchsorted(windows, grouping.windows)
        order = np.argsort(keys, kind="stable")
        return cls(windows, n_segments, order, keys[order], np.append(0, np.cumsum(grouping.rows[order])))

    def rank(self, instant: int) -> int:
        """Return how many of the windows start before an instant."""
        return int(np.searchsorted(self.windows, instant))

    def spans(self, first: int, stop: int) -> _Span:
        """Return the groups of every segment in the windows from one place to before another, (n_segments,) each."""
        starts = np.arange(self.n_segments) * (len(self.windows) + 1)
        return np.searchsorted(self.keys, starts + first), np.searchsorted(self.keys, starts + max(first, stop))

    def between(self, start: int, stop: int) -> _Span:
        """Return the groups of every segment in the windows that start from one instant on and before another."""
        return self.spans(self.rank(start), self.rank(stop))

    def sizes(self, spans: _Span) -> Counts:
        """Return the rows of groups, (n_segments,)."""
        sizes: Counts = self.running[spans[1]] - self.running[spans[0]]
        return sizes


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of a comparison: every array is (…, n)."""

    segment: Counts
    against: Counts
    windows: Instants
    before: Counts
    past: Counts
    now: Counts
    sizes: Counts

    def among(self, against: int) -> _Rows:
        return replace(self, against=np.full(len(self.segment), against))

    @classmethod
    def joined(cls, found: Sequence[_Rows]) -> _Rows:
        none, pairs = np.empty(0, np.int64), np.empty((2, 0), np.int64)
        nothing = cls(none, none, none, pairs, pairs, pairs, pairs)
        names = ("segment", "against", "windows", "before", "past", "now", "sizes")
        segment, place, windows, before, past, now, sizes = (
            np.concatenate([getattr(one, name) for one in (nothing, *found)], axis=-1) for name in names
        )
        return cls(segment, place, windows, before, past, now, sizes)


def _rows_of(
    against: Against, sides: tuple[_Index, _Index], every: Every | None, baseline: Baseline | None, first: int
) -> Iterator[_Rows]:
    """Yield the rows of every current window: of the segments that either side has, unless nobody would miss them."""
    reference, current = sides
    chosen = np.flatnonzero((current.windows != NO_TIME) & (current.windows >= first))
    pasts = _pasts(against, sides, every, baseline, current.windows[chosen])
    for place, (before, past) in zip(chosen.tolist(), pasts, strict=True):
        window, now = current.windows[place], current.spans(place, place + 1)
        sizes = np.stack([reference.sizes(before) + current.sizes(past), current.sizes(now)])
        if not sizes[0].any():
            continue  # there is no past yet
        expected = sizes[0] / sizes[0].sum() * sizes[1].sum()
        kept = np.flatnonzero((sizes[1] > 0) | (sizes[0] > 0) & ((expected >= MISSED) | (window == ALL_TIME)))
        spans = np.stack([before, past, now])[:, :, kept]
        yield _Rows(kept, kept, np.full(len(kept), window), spans[0], spans[1], spans[2], sizes[:, kept])


def _pasts(
    against: Against, sides: tuple[_Index, _Index], every: Every | None, baseline: Baseline | None, windows: Instants
) -> Iterator[tuple[_Span, _Span]]:
    """Yield for each window which groups of the reference, and of the current side, every segment is compared with."""
    reference, current = sides
    if against.how == REFERENCE or every is None:
        span = reference.spans(0, len(reference.windows))
        if baseline is not None:
            span = reference.between(baseline.start, baseline.stop)
        yield from itertools.repeat((span, current.spans(0, 0)), len(windows))
        return
    since = int(windows[0]) if len(windows) else LAST
    for start, stop in zip(*(side.tolist() for side in against.spans(every, windows)), strict=True):
        yield reference.between(start, min(stop, since)), current.between(max(start, since), stop)

"""Windows that there is nothing to compare of: those in which the current side has no rows, and those after them.

Windows without rows that follow one another are one gap, and a row: a lake may begin in 1970 by mistake, and be of hours.

Whether rows were to be expected, the calendar tells: of the windows in the same place of the weeks before, four at most, more
than half had some. So weekends and nights that are always empty are missed by nobody, whatever the lake is compared with, and a
Monday is. Windows of which a week is no whole number, as of months, are told by the four before them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lakedrift.against import REFERENCE, Against, Baseline
from lakedrift.grouping import Grouping
from lakedrift.matching import Matches, Spans
from lakedrift.window import ALL_TIME, FIRST, NO_TIME, SPAN, Every, Instants

__all__ = ["find_gaps"]

Counts = NDArray[np.int64]
WEEK = Every(1, "w")
TOLD_BY = 4  # windows before, or weeks of them


def find_gaps(
    reference: Grouping | None, current: Grouping, against: Sequence[Against], baseline: Baseline | None, first: int
) -> Matches | None:
    """Return the gaps between the first window of the current side and its last, and its windows of which the past is a gap.

    A row is either, against each thing in turn; None where there is none. Of a gap, which may be longer than a window, the rows
    of the reference are those that one of its windows usually has: the most of all that were expected to have some.

    Parameters
    ----------
    reference, current
        The whole lakes by window; None where a side has none.
    against, baseline, first
        As of `matching.match`.
    """
    every, after = current.every, _Timeline.of(current, first)
    if every is None or not len(after.windows):
        return None
    base = _Timeline.of(reference, FIRST) if baseline is None else _Timeline.of(reference, baseline.start, baseline.stop)
    past = _Timeline.of(reference, FIRST, int(after.windows[0])).then(after)
    found = [_found(one, base if one.how == REFERENCE else past, after, every) for one in against]
    starts, ends, usual, now = (np.concatenate(column) for column in zip(*found, strict=True))
    zeros, names = np.zeros(len(starts), np.int64), tuple(one.name for one in against)
    if not len(starts):
        return None
    place = np.repeat(np.arange(len(found)), [len(one[0]) for one in found])
    nothing, lake = Spans(zeros[:0], zeros, zeros), pl.DataFrame({"segment": [""]})
    spans = nothing, nothing, nothing
    return Matches((), lake, names, zeros, place, starts, ends, *spans, (usual, now), np.arange(len(starts)))


def _found(against: Against, past: _Timeline, now: _Timeline, every: Every) -> tuple[Counts, ...]:
    """Return when each starts and ends, the rows that it usually has, and its own."""
    ends = every.end(now.windows)
    gaps = np.flatnonzero(ends[:-1] < now.windows[1:])
    usual = past.usual(ends[gaps], now.windows[gaps + 1], every, first=0 if against.how == REFERENCE else 1)
    after = now.windows[past.lost(against, now.windows, every)]
    starts, stops = np.append(ends[gaps], after), np.append(now.windows[gaps + 1], every.end(after))
    rows = np.append(np.zeros(len(gaps), np.int64), now.rows[np.isin(now.windows, after)])
    order = np.argsort(starts, kind="stable")
    return starts[order], stops[order], np.append(usual, np.zeros(len(after), np.int64))[order], rows[order]


@dataclass(frozen=True, eq=False)
class _Timeline:
    """The windows of a lake that have rows, ascending, and how many."""

    windows: Instants
    rows: Counts

    @classmethod
    def of(cls, side: Grouping | None, start: int, stop: int = ALL_TIME) -> _Timeline:
        if side is None:
            return cls(np.empty(0, np.int64), np.empty(0, np.int64))
        chosen = (side.windows != NO_TIME) & (side.windows >= start) & (side.windows < stop)
        return cls(side.windows[chosen], side.rows[chosen])

    def then(self, later: _Timeline) -> _Timeline:
        return _Timeline(np.append(self.windows, later.windows), np.append(self.rows, later.rows))

    def lost(self, against: Against, windows: Instants, every: Every) -> NDArray[np.bool_]:
        """Return of which windows the past lies in a gap, (n,); nothing is lost of what has not begun."""
        if against.how == REFERENCE or not len(self.windows):
            return np.zeros(len(windows), bool)
        since, until = against.spans(every, windows)
        begun = since >= self.windows[0]
        lost: NDArray[np.bool_] = begun & (np.searchsorted(self.windows, since) == np.searchsorted(self.windows, until))
        return lost

    def usual(self, starts: Instants, stops: Instants, every: Every, *, first: int) -> Counts:
        """Return the most rows that a window between each start and stop is expected to have, (n,).

        Of a gap that is so long that all it would be told by lies in it, no more is expected. `first` is 0 where this is
        another lake, which may tell of the window itself, and else 1.
        """
        cycle, each = every, 1
        if every.divides(WEEK):
            cycle, each = replace(WEEK, zone=every.zone), SPAN["w"] // (every.count * SPAN[every.unit])
        usual, at = np.zeros(len(starts), np.int64), starts.copy()
        for _ in range(TOLD_BY * each):
            left = np.flatnonzero(at < stops)
            if not (len(left) and len(self.windows)):
                break
            usual[left] = np.maximum(usual[left], self._expected(at[left], cycle, every, first))
            at[left] = every.end(at[left])
        return usual

    def _expected(self, starts: Instants, cycle: Every, every: Every, first: int) -> Counts:
        """Return how many rows windows in the same place of the cycles before have on average, 0 where most have none, (n,)."""
        known, held, rows = np.zeros((3, len(starts)), np.int64)
        at = self._within(starts, cycle, every) if first == 0 else every.before(starts, cycle)
        for _ in range(TOLD_BY):
            place = np.minimum(np.searchsorted(self.windows, at), len(self.windows) - 1)
            found = np.where(self.windows[place] == at, self.rows[place], 0)
            known, held, rows = known + (at >= self.windows[0]), held + (found > 0), rows + found
            at = every.before(at, cycle)
        return np.where(2 * held > known, rows // np.maximum(known, 1), 0)

    def _within(self, starts: Instants, cycle: Every, every: Every) -> Instants:
        """Return of each window the last in the same place of a cycle that is no later than the last here, (n,)."""
        last, at = self.windows[-1], starts.copy()
        longest = max(int((every.end(self.windows) - self.windows).max()), SPAN.get(cycle.unit, 0) * cycle.count)
        cycles = np.maximum(starts - last, 0) // longest
        for many in np.unique(cycles[cycles > 0]).tolist():
            at[cycles == many] = every.before(starts[cycles == many], replace(cycle, count=many * cycle.count))
        while (late := at > last).any():
            at[late] = every.before(at[late], cycle)
        return at

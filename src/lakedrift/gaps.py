"""Windows that there is nothing to compare of: those in which the current side has no rows, and those after them.

Windows without rows that follow one another are one gap, and a row: a lake may begin in 1970 by mistake, and be of hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lakedrift.against import REFERENCE, Against, Baseline
from lakedrift.grouping import Grouping
from lakedrift.matching import Matches, Spans
from lakedrift.window import ALL_TIME, FIRST, LAST, NO_TIME, Every, Instants

__all__ = ["Gaps", "find_gaps"]

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Gaps:
    """What is not compared, a row of `matches` each, against each thing in turn.

    Attributes
    ----------
    matches
        When; its windows are gaps, which may be longer than a window, or windows with rows and no past.
    expected
        (n,) whether it is a gap, and the past of its first window has no gap itself: weekends are missed by nobody who looks
        back further than a day.
    """

    matches: Matches
    expected: NDArray[np.bool_]


def find_gaps(
    reference: Grouping | None, current: Grouping, against: Sequence[Against], baseline: Baseline | None, first: int
) -> Gaps | None:
    """Return the gaps between the first window of the current side and its last, and its windows of which the past is a gap.

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
    starts, ends, before, now, expected = (np.concatenate(column) for column in zip(*found, strict=True))
    zeros, names = np.zeros(len(starts), np.int64), tuple(one.name for one in against)
    if not len(starts):
        return None
    place = np.repeat(np.arange(len(found)), [len(one[0]) for one in found])
    nothing, lake = Spans(zeros[:0], zeros, zeros), pl.DataFrame({"segment": [""]})
    spans = nothing, nothing, nothing
    matches = Matches((), lake, names, zeros, place, starts, ends, *spans, (before, now), np.arange(len(starts)))
    return Gaps(matches, expected.astype(bool))


def _found(against: Against, past: _Timeline, now: _Timeline, every: Every) -> tuple[Counts, ...]:
    """Return when each starts and ends, the rows of its past and its own, and whether it is expected to have some."""
    ends = every.end(now.windows)
    gaps = np.flatnonzero(ends[:-1] < now.windows[1:])
    starts, stops = np.append(ends[gaps], now.windows), np.append(now.windows[gaps + 1], ends)
    rows = np.append(np.zeros(len(gaps), np.int64), now.rows)
    spans = past.places(against, starts, every)
    sizes = np.append(0, np.cumsum(past.rows))
    before = sizes[spans[2]] - sizes[spans[1]]
    lost = (before == 0) & (past.windows[:1].min(initial=LAST) <= spans[0])  # nothing is lost of what has not begun
    kept = np.flatnonzero((rows == 0) | lost)
    kept = kept[np.argsort(starts[kept], kind="stable")]
    expected = (rows == 0) & past.unbroken(*spans, every)
    return starts[kept], stops[kept], before[kept], rows[kept], expected[kept].astype(np.int64)


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

    def places(self, against: Against, starts: Instants, every: Every) -> tuple[Instants, Counts, Counts]:
        """Return since when the past is of what starts then, its first window, and the one after its last, (n,) each."""
        if against.how == REFERENCE:
            all_of_it = np.append(self.windows, NO_TIME)[0], 0, len(self.windows)
            since, low, high = (np.full(len(starts), one, np.int64) for one in all_of_it)
            return since, low, high
        since, until = against.spans(every, starts)
        return since, np.searchsorted(self.windows, since), np.searchsorted(self.windows, until)

    def unbroken(self, since: Instants, low: Counts, high: Counts, every: Every) -> NDArray[np.bool_]:
        """Whether there is a window from then on, and each of those up to `high` begins where the one before it ends, (n,)."""
        begins = (high > low) & (np.append(self.windows, NO_TIME)[low] == since)
        breaks = np.cumsum(np.append(0, every.end(self.windows)[:-1] != self.windows[1:]))
        found: NDArray[np.bool_] = begins & (breaks[high - 1] == breaks[np.minimum(low, len(breaks) - 1)])
        return found

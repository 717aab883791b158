"""Both sides of a feature in every row of a comparison of groups, as metrics read them.

Cells, bins and slots of a sum of groups are the sums of theirs, so groups are brought on common ground first and then added up,
some rows at a time. The bins are those of all groups together, the same in every row: their counts add up over segments and
windows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import TypeVar

import numpy as np

from lakedrift.grouping import Grouping
from lakedrift.matching import Matches
from lakedrift.metric import Bins, Cells, Counts, Presence, Sides
from lakedrift.pairing import Pair, in_the_reference, presence_of
from lakedrift.summary import Summary

__all__ = ["Added", "groups_of", "sides_of"]

View = TypeVar("View", Cells, Bins)

BLOCK = 1 << 20  # counts of a view at a time


def groups_of(whole: Pair, reference: Grouping, current: Grouping) -> Pair:
    """Return the groups of a feature, of which `whole` is the whole lake."""
    states = [
        _state_of(side, whole.features[0].name, state.KIND)
        for side, state in zip((reference, current), whole.states, strict=True)
    ]
    return Pair(whole.features, (states[0], states[1]), (reference.rows, current.rows), whole=whole)


def sides_of(pair: Pair, matches: Matches) -> Iterator[Sides]:
    """Yield both sides for all rows, a block of rows at a time.

    Parameters
    ----------
    pair
        The groups of the reference and those of the current side.
    matches
        Which of these the rows add up; there is at least one.
    """
    views = _Views(pair, matches)
    width = max(1, views.width)
    step = max(1, BLOCK // width)
    blocks = [slice(start, start + step) for start in range(0, len(matches), step)]
    seen = views.seen()
    for block in blocks:
        yield views.sides(block, seen)


class Added:
    """Counts of both sides, added up row by row."""

    def __init__(self, matches: Matches, reference: Counts, current: Counts) -> None:
        self._before, self._now = matches.before, matches.now
        self._reference, self._current = matches.before.prepared(reference), matches.now.prepared(current)
        past = matches.past
        self._past = (past, self._current if past.apart == matches.now.apart else past.prepared(current)) if past.any else None

    def __getitem__(self, rows: slice) -> tuple[Counts, Counts]:
        before = self._before.sums(self._reference, rows)
        if self._past is not None:
            past, prepared = self._past
            before = before + past.sums(prepared, rows)
        return before, self._now.sums(self._current, rows)


class _Views:
    """What can be added up of a feature."""

    def __init__(self, pair: Pair, matches: Matches) -> None:
        self._pair, self._matches = pair, matches
        self._cells = self._added(pair.cells) if pair.cells is not None and pair.kind != "categorical" else None
        self._bins = self._added(pair.bins) if pair.bins is not None and pair.kind != "identifier" else None
        self._astray = None if self._bins is None or pair.bins is None else _astray(matches, pair.bins)
        slots = [presence_of(state, rows) for state, rows in zip(pair.states, pair.rows, strict=True)]
        self._slots = Added(matches, *(np.stack(_arrays(side), axis=1) for side in slots))
        self._valid = Added(matches, *pair.valid)

    @property
    def width(self) -> int:
        """The counts of a row in its widest view."""
        views = (self._pair.cells if self._cells else None, self._pair.bins if self._bins else None)
        return max((view[0].counts.shape[1] for view in views if view is not None), default=1)

    def seen(self) -> Counts | None:
        """Return how many rows of each category all segments of the reference have, (n_families, n_bins), if there are any."""
        valid, lake = self._pair.valid_bins, self._matches.lake
        if lake is None or valid is None or self._pair.kind not in ("categorical", "boolean"):
            return None
        return Added(lake, valid[0].counts, valid[1].counts)[slice(None)][0]

    def sides(self, rows: slice, seen: Counts | None) -> Sides:
        """Return both sides in some rows."""
        pair = self._pair
        cells = bins = None
        if self._cells is not None and pair.cells is not None:
            cells = _with_counts(pair.cells, self._cells[rows])
        if self._bins is not None and pair.bins is not None:
            bins = _with_counts(pair.bins, self._bins[rows])
            if self._astray is not None:
                bins = _with_astray(bins, self._astray[rows])
        reference, current = (Presence(*table.T) for table in self._slots[rows])
        presence = reference, current
        if bins is not None and seen is not None:
            presence = in_the_reference(presence, _without_slots(bins, seen.shape[1]), seen[self._matches.families[rows]])
        return Sides(pair.features, pair.kind, self._valid[rows], cells, bins, presence, whole=False)

    def _added(self, sides: tuple[Cells, Cells] | tuple[Bins, Bins]) -> Added:
        return Added(self._matches, sides[0].counts, sides[1].counts)


def _state_of(grouping: Grouping, name: str, kind: str) -> Summary:
    """Return a feature's own state, which stands beside that of how many values differ."""
    own = grouping.states.get((kind, (name,)))
    return grouping.state(name) if own is None else own


def _with_counts(sides: tuple[View, View], counts: tuple[Counts, Counts]) -> tuple[View, View]:
    reference, current = (replace(side, counts=np.ascontiguousarray(count)) for side, count in zip(sides, counts, strict=True))
    return reference, current


def _astray(matches: Matches, bins: tuple[Bins, Bins]) -> Added | None:
    """Return what adds up the rows that may lie in another bin, None where there are none: bounds add up as counts do."""
    known = next((side.astray for side in bins if side.astray is not None), None)
    if known is None:
        return None
    return Added(
        matches,
        *(np.zeros((len(side.counts), known.shape[1]), np.int64) if side.astray is None else side.astray for side in bins),
    )


def _with_astray(bins: tuple[Bins, Bins], astray: tuple[Counts, Counts]) -> tuple[Bins, Bins]:
    reference, current = (replace(side, astray=one if one.any() else None) for side, one in zip(bins, astray, strict=True))
    return reference, current


def _without_slots(bins: tuple[Bins, Bins], n_bins: int) -> tuple[Bins, Bins]:
    reference, current = (
        Bins(side.counts[:, :n_bins], side.labels[:n_bins], None, None if side.shared is None else side.shared[:n_bins])
        for side in bins
    )
    return reference, current


def _arrays(side: Presence) -> list[Counts]:
    return [getattr(side, one.name) for one in fields(side)]

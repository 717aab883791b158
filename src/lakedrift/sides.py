"""Both sides of a feature in every row of a comparison of groups, as metrics read them.

Cells, bins and slots of a sum of groups are the sums of theirs, so groups are brought on common ground first and then added up,
some rows at a time. The bins are those of all groups together, the same in every row: their counts add up over segments and
windows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Generic, TypeVar

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


class _Summed(Generic[View]):
    """Both sides in the same cells or bins, added up row by row; what may lie across a border adds up likewise."""

    def __init__(self, sides: tuple[View, View], matches: Matches) -> None:
        self._sides: tuple[View, View] = sides
        self._counts = Added(matches, sides[0].counts, sides[1].counts)
        known = next((side.astray for side in sides if side.astray is not None), None)
        none = [np.zeros((len(side.counts), 0 if known is None else known.shape[1]), np.int64) for side in sides]
        astray = [nothing if side.astray is None else side.astray for side, nothing in zip(sides, none, strict=True)]
        self._astray = None if known is None else Added(matches, *astray)

    @property
    def width(self) -> int:
        return int(self._sides[0].counts.shape[1])

    def __getitem__(self, rows: slice) -> tuple[View, View]:
        astray = (None, None) if self._astray is None else self._astray[rows]
        changed = [
            replace(side, counts=np.ascontiguousarray(counts), astray=off if off is not None and off.any() else None)
            for side, counts, off in zip(self._sides, self._counts[rows], astray, strict=True)
        ]
        return changed[0], changed[1]


class _Views:
    """What can be added up of a feature."""

    def __init__(self, pair: Pair, matches: Matches) -> None:
        self._pair, self._matches = pair, matches
        by_value = pair.kind != "categorical"
        self._cells = _Summed(pair.cells, matches) if pair.cells is not None and by_value else None
        apart = pair.own_cells is not None and pair.own_cells is not pair.cells and by_value
        self._own_cells = _Summed(pair.own_cells, matches) if pair.own_cells is not None and apart else self._cells
        self._bins = _Summed(pair.bins, matches) if pair.bins is not None and pair.kind != "identifier" else None
        slots = [presence_of(state, rows) for state, rows in zip(pair.states, pair.rows, strict=True)]
        self._slots = Added(matches, *(np.stack(_arrays(side), axis=1) for side in slots))
        self._valid = Added(matches, *pair.valid)

    @property
    def width(self) -> int:
        """The counts of a row in its widest view."""
        views: tuple[_Summed[Cells] | _Summed[Bins] | None, ...] = (self._cells, self._own_cells, self._bins)
        return max((view.width for view in views if view is not None), default=1)

    def seen(self) -> Counts | None:
        """Return how many rows of each category all segments of the reference have, (n_families, n_bins), if there are any."""
        valid, lake = self._pair.valid_bins, self._matches.lake
        if lake is None or valid is None or self._pair.kind not in ("categorical", "boolean"):
            return None
        return Added(lake, valid[0].counts, valid[1].counts)[slice(None)][0]

    def sides(self, rows: slice, seen: Counts | None) -> Sides:
        """Return both sides in some rows."""
        pair = self._pair
        cells = None if self._cells is None else self._cells[rows]
        own_cells = cells if self._own_cells is None or self._own_cells is self._cells else self._own_cells[rows]
        bins = None if self._bins is None else self._bins[rows]
        reference, current = (Presence(*table.T) for table in self._slots[rows])
        presence = reference, current
        if bins is not None and seen is not None:
            presence = in_the_reference(presence, _without_slots(bins, seen.shape[1]), seen[self._matches.families[rows]])
        return Sides(pair.features, pair.kind, self._valid[rows], cells, own_cells, bins, presence, whole=False)


def _state_of(grouping: Grouping, name: str, kind: str) -> Summary:
    """Return a feature's own state, which stands beside that of how many values differ."""
    own = grouping.states.get((kind, (name,)))
    return grouping.state(name) if own is None else own


def _without_slots(bins: tuple[Bins, Bins], n_bins: int) -> tuple[Bins, Bins]:
    reference, current = (
        Bins(side.counts[:, :n_bins], side.labels[:n_bins], None, None if side.shared is None else side.shared[:n_bins])
        for side in bins
    )
    return reference, current


def _arrays(side: Presence) -> list[Counts]:
    return [getattr(side, one.name) for one in fields(side)]

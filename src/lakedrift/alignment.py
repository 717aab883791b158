"""Two numeric summaries on the cells that both grids have in common, and on exact values where these are known."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lakedrift.binning import EXACT_INTEGERS, Axis, Keys, ascending_values, common_edges, key_values, keys_of
from lakedrift.columns import family
from lakedrift.errors import SourceChangedError
from lakedrift.metric import Cells, Counts, Floats, Known
from lakedrift.summaries.numeric import Numeric
from lakedrift.summaries.values import Values

__all__ = ["Alignment", "align", "align_to_reference"]

FIRST_KEY, LAST_KEY = np.uint64(0), np.uint64((1 << 64) - 1)
MINUS_ZERO = np.uint64((1 << 63) - 1)  # on the axis of doubles
WIDE_INTEGERS = ("int64", "uint64")
WIDE_TIMES = ("timestamp", "time64", "date64", "duration")
FRACTIONS = ("floating", "decimal")


@dataclass(frozen=True, eq=False)
class Alignment:
    """Cells in order, each from its first to its last key, with the counts of both sides.

    Attributes
    ----------
    axis
        Whose keys these are.
    starts, ends
        (n_cells,) first and last key of each cell; the outer ones are cut to the extremes of the values.
    counts
        (n_groups, n_cells) of the reference and of the current side, each of its own groups.
    known
        Exact values of both sides in some of the cells, where a second scan fetched them.
    across
        Whether the current side's values lie on another axis, so that some may lie beyond the ends of this one.
    astray
        (n_groups, n_cells - 1) of the current side, at each border of cells, as `Cells` has them; None where counts are exact.
    """

    axis: Axis
    starts: Keys
    ends: Keys
    counts: tuple[Counts, Counts]
    known: tuple[Known | None, Known | None] = (None, None)
    across: bool = False
    astray: Counts | None = None

    def cells(self, dtypes: tuple[str, str]) -> tuple[Cells, Cells]:
        """Return both sides as what metrics read."""
        edges, single = self._edges(dtypes)
        sides = zip(self.counts, self.known, strict=True)
        reference, current = (Cells(np.ascontiguousarray(side), edges, single, known) for side, known in sides)
        return reference, replace(current, astray=self.astray)

    def settled(self, values: tuple[Values, Values]) -> Alignment:
        """Return the same cells, with the exact values that a second scan kept of some of them.

        Raises
        ------
        SourceChangedError
            If it did not find the values that the first scan counted.
        """
        known = np.isin(values[0].binning.cell_of(self.starts), values[0].wanted)
        sides = []
        for side, found in zip(self.counts, values, strict=True):
            keys, counts = found.kept
            if counts.sum() != side[0, known].sum():
                msg = "the source changed between two scans: values that were counted are gone"
                raise SourceChangedError(msg, hint="run again when nobody writes to it")
            sides.append(Known(known, self.ends[known], keys, counts, functools.partial(key_values, axis=self.axis)))
        return replace(self, known=(sides[0], sides[1]))

    def exact(self, dtypes: tuple[str, str]) -> NDArray[np.bool_]:
        """Return which cells have a key of its own for each value that may lie in them, (n_cells,).

        From ±2**53 on several 64-bit integers share one key of the double axis, and on the integer axes fractions do.
        """
        if self.axis != "double":
            return np.full(len(self.starts), {family(dtype) for dtype in dtypes}.isdisjoint(FRACTIONS))
        if not any(dtype in WIDE_INTEGERS or dtype.startswith(WIDE_TIMES) for dtype in dtypes):
            return np.full(len(self.starts), True)
        return _largest(*self._values) < EXACT_INTEGERS

    def capacity(self, dtypes: tuple[str, str]) -> Floats:
        """Return how many different values each cell may hold at most, (n_cells,): its keys, or the integers between two."""
        if self.axis == "double" and {family(dtype) for dtype in dtypes} == {"integer"}:
            low, high = self._values
            return np.floor(high) - np.ceil(low) + 1.0
        return (self.ends - self.starts).astype(np.float64) + 1.0

    def limits(self, at: NDArray[np.int64]) -> list[tuple[float, float]]:
        """Return the least and the greatest value that may lie in each of some cells, exactly: integers on integer axes."""
        low, high = (values[at].tolist() for values in self._values)
        if self.axis == "double":
            return list(zip(low, high, strict=True))
        zero = int(keys_of(np.zeros(1), self.axis)[0])
        keys = (self.starts[at].tolist(), self.ends[at].tolist())
        exact = (
            [key - zero if math.isfinite(value) else value for value, key in zip(*side, strict=True)]
            for side in ((low, keys[0]), (high, keys[1]))
        )
        return list(zip(*exact, strict=True))

    def below(self, keys: Keys) -> tuple[Counts, Counts]:
        """Count the values of the current side below each of some keys, ascending, (n_groups, n_keys).

        Returns
        -------
        counted
            Those below the border of cells that is nearest to the key.
        astray
            The rows of the cell that the key lies in, as `Cells` has them: 0 where the key is such a border, or has all values
            above or below.
        """
        counts = self.counts[1]
        if not len(self.starts):
            return (np.zeros((len(counts), len(keys)), np.int64),) * 2
        at = np.maximum(np.searchsorted(self.starts, keys, side="right") - 1, 0)
        start, end = self.starts[at], self.ends[at]
        before, after = keys <= start, keys > end
        within = np.where(before | after, 0, counts[:, at])
        least = np.cumsum(counts, axis=1)[:, at] - np.where(after, 0, counts[:, at])
        nearer_end = ~before & ~after & (end - keys < keys - start)
        return np.where(nearer_end, least + within, least), np.where(nearer_end, within, -within)

    @functools.cached_property
    def _values(self) -> tuple[Floats, Floats]:
        """The least and the greatest value of each cell, (n_cells,) each, rounded on the integer axes."""
        low, high = (ascending_values(keys, self.axis) for keys in (self.starts, self.ends))
        if self.axis == "double":
            low += 0.0  # no value has the key of -0.0: what begins there begins with 0.0, …
            high[self.ends == MINUS_ZERO] = -5e-324  # … and what ends there ends with the double before
        if self.across:
            low[self.starts == FIRST_KEY], high[self.ends == LAST_KEY] = -np.inf, np.inf
        return low, high

    def _edges(self, dtypes: tuple[str, str]) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the least value of each cell and the greatest of all, and which cells can hold one value only.

        Between integers a cell that no more than one integer falls into holds one value, though it be many keys wide.
        """
        low, high = self._values
        single = (self.starts == self.ends) & self.exact(dtypes) & (low == high)
        if self.axis == "double" and {family(dtype) for dtype in dtypes} == {"integer"}:
            whole = (np.floor(high) <= np.ceil(low)) & (_largest(low, high) < EXACT_INTEGERS)
            low = np.where(whole, np.ceil(low), low)
            single |= whole
        return np.append(low, high[-1:]), single


def align(reference: Numeric, current: Numeric, extremes: Keys | None = None) -> Alignment:
    """Bring both sides onto the edges that both grids have.

    `extremes`, (n, 2), are keys that the values of both lie between; None takes those of the states.
    """
    axis = reference.binning.axis
    if reference.binning == current.binning:
        keys = reference.binning.edges
        sides = [reference.cells, current.cells]
    else:
        keys, others = common_edges(reference.binning, current.binning)
        places = (np.searchsorted(side.binning.edges, at) for side, at in ((reference, keys), (current, others)))
        sides = [np.add.reduceat(side.cells, place, axis=1) for side, place in zip((reference, current), places, strict=True)]
    held = np.logical_or(sides[0].any(axis=0), sides[1].any(axis=0))
    across = current.binning.axis != axis
    if extremes is None and len(reference.extremes) and len(current.extremes):
        extremes = np.vstack([reference.extremes, current.extremes])
    return _trimmed(Alignment(axis, keys, _ends(keys), (sides[0], sides[1]), across=across), held, extremes)


def align_to_reference(reference: Numeric, current: Numeric, extremes: Keys | None, shared: Alignment) -> Alignment:
    """Bring both sides onto the cells of the reference's grid, which the current side's counts may not be exact in.

    These are taken from its own grid, or where the axes differ from the cells that both share. `extremes`, (2, 2), are those of
    the reference and of the current side, None where these are not known.
    """
    lies = shared if shared.across else align(current, current, None if extremes is None else extremes[1:])
    keys = reference.binning.edges
    below, astray = lies.below(keys[1:])
    counts = np.diff(below, axis=1, prepend=0, append=lies.counts[1].sum(axis=1, keepdims=True))
    unsure = astray.any(axis=0)
    held = reference.cells.any(axis=0) | counts.any(axis=0) | np.append(unsure, False) | np.append(False, unsure)
    sides = reference.cells, counts
    return _trimmed(Alignment(shared.axis, keys, _ends(keys), sides, across=shared.across, astray=astray), held, extremes)


def _ends(starts: Keys) -> Keys:
    ends = np.empty_like(starts)
    np.subtract(starts[1:], np.uint64(1), out=ends[:-1])
    ends[-1:] = LAST_KEY
    return ends


def _trimmed(whole: Alignment, held: NDArray[np.bool_], extremes: Keys | None) -> Alignment:
    """Leave out the cells before the first and after the last one held, and cut these to the extremes where they are known."""
    at = np.flatnonzero(held)
    span = slice(int(at[0]), int(at[-1]) + 1) if len(at) else slice(0, 0)
    starts, ends = whole.starts[span].copy(), whole.ends[span].copy()
    if len(at) and not whole.across and extremes is not None:
        starts[0], ends[-1] = max(starts[0], extremes[:, 0].min()), min(ends[-1], extremes[:, 1].max())
    astray = None if whole.astray is None else whole.astray[:, span.start : max(span.stop - 1, 0)]
    counts = whole.counts[0][:, span], whole.counts[1][:, span]
    return replace(
        whole, starts=starts, ends=ends, counts=counts, astray=astray if astray is not None and astray.any() else None
    )


def _largest(low: Floats, high: Floats) -> Floats:
    return np.maximum(np.abs(low), np.abs(high))

"""Where the values of a numeric column lie: counts in the cells of a grid, extremes, and exact moments.

Infinities are ordered values: they are counted in the cells, and as they have cells of their own, apart as well.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift.binning import MINUS_INFINITY, PLUS_INFINITY, Binning, ascending_values, key_values
from lakedrift.columns import Column
from lakedrift.errors import IncompatibleProfilesError
from lakedrift.gathering import gathered
from lakedrift.keying import BUFFERS, column_of, flip_of
from lakedrift.longform import LongRows, LongTable
from lakedrift.soundness import require, sound_binning
from lakedrift.summary import Codes, Counts, TwoDigits, add_counts, subtract_counts
from lakedrift.trace import Trace, Traces
from lakedrift_kernels import groups, moments, numbers

__all__ = ["SUMMARY", "Numeric"]

HIGHEST = np.uint64((1 << 64) - 1)
BASE = 1 << 32
KEPT = ("extremes", "near")
EXTREMES, NO_KEYS = ("least", "greatest"), np.empty(0, np.uint64)
NEAR, FAR = 5, 7  # digits of the sums of moments
FLAT = ("rows", "null", "nan")


class Numeric:
    """Counts in cells.

    Attributes
    ----------
    binning
        The grid.
    rows, null, nan
        (n_groups,) counts; the valid values are the rest.
    extremes
        (n_groups, 2) keys of the least and greatest value; 2**64 - 1 and 0 where there is none.
    near, far
        Sums of the moments' integers, (n_groups, 5) and (n_groups, EXPONENTS, 7); see `lakedrift_kernels.moments`. While no
        value is far from the centre, `far` is (n_groups, 0, 7). A state of groups or of an identifier, `of_groups`, keeps no
        extremes and no sums: these are (0, 2), (0, 5) and (0, 0, 7).
    """

    KIND: ClassVar[str] = "numeric"

    def __init__(self, binning: Binning, slots: Counts, cells: Counts, extremes: NDArray[np.uint64], near: Counts, far: Counts):
        self.binning = binning
        self.rows, self.null, self.nan = slots
        self._table = TwoDigits(cells)
        self.extremes = extremes
        self.near = near
        self.far = far

    @classmethod
    def new(cls, binning: Binning, n_groups: int = 1) -> Self:
        """Return the state of no rows."""
        extremes = np.tile(np.array([HIGHEST, 0], np.uint64), (n_groups, 1))
        return cls(
            binning,
            np.zeros((3, n_groups), np.int64),
            np.zeros((n_groups, binning.n_cells), np.int64),
            extremes,
            np.zeros((n_groups, 5), np.int64),
            np.zeros((n_groups, 0, 7), np.int64),
        )

    @classmethod
    def of_groups(cls, binning: Binning, n_groups: int) -> Self:
        """Return the state of no rows in so many groups: counts in cells only."""
        state = cls.new(binning, n_groups)
        return cls(binning, np.stack([state.rows, state.null, state.nan]), state.cells, *_nothing())

    @property
    def cells(self) -> Counts:
        """Counts of valid values, (n_groups, n_cells)."""
        return self._table.counts

    @property
    def valid(self) -> Counts:
        """How many values the cells hold."""
        held: Counts = self.cells.sum(axis=1)
        return held

    @property
    def infinite(self) -> tuple[Counts, Counts]:
        """How many values are -inf and +inf, (n_groups,) each."""
        if self.binning.axis != "double":
            return np.zeros_like(self.rows), np.zeros_like(self.rows)
        low, high = np.searchsorted(self.binning.edges, [MINUS_INFINITY, PLUS_INFINITY], side="right") - 1
        return self.cells[:, low], self.cells[:, high]

    def update(self, array: pa.Array) -> None:
        """Add a batch of the column, of any integer, floating, decimal or temporal type that the axis holds."""
        self._update(array, None)

    def located(self, array: pa.Array, whole: Self) -> NDArray[np.int32]:
        """Add a batch of the column to the state of the whole lake; return the cell there of each, (n,), until the next."""
        cells = BUFFERS.cells_of(len(array))
        whole._update(array, cells)
        return cells

    def update_groups(self, located: NDArray[np.int32], codes: Codes) -> None:
        """Add a batch of the column whose rows are in groups."""
        self.rows += codes.rows
        groups.add_many_cells(located, codes.of_rows, self.binning.cell_of_fine, *self._table.digits, self.null, self.nan)

    def _update(self, array: pa.Array, located: NDArray[np.int32] | None) -> None:
        self.rows[0] += len(array)
        self.null[0] += array.null_count
        column = column_of(array, self.binning.axis)
        done = 0
        while done < len(column.values):
            done, far = self._count(column, done, located)
            if far and len(self.near):
                self._make_room_for_far()
                moments.add_far(BUFFERS.gathered, far, self.binning.centre, self.binning.scale, self.far[0])

    def _count(self, column: Column, start: int, located: NDArray[np.int32] | None) -> tuple[int, int]:
        """Count the rest of a column; return where it stopped, and how many values of the buffer may have no room in `far`."""
        binning = self.binning
        source = column.values, column.validity, column.offset, start
        extremes, near, far = (self.extremes[0], self.near[0], self.far[0]) if len(self.near) else _unkept()
        state = self.cells[0], extremes, near, far
        unit, doubles, keys = (binning.centre, binning.scale), (BUFFERS.doubles, BUFFERS.gathered), BUFFERS.keys
        if binning.linear is not None:
            units = BUFFERS.units
            if located is None:
                return numbers.add_linear(*source, binning.lines, unit, *state, self.nan, *doubles, keys, units)
            return groups.add_located_linear(*source, binning.lines, unit, *state, self.nan, located, *doubles, units)
        if binning.axis == "double":
            if located is None:
                return numbers.add_doubles(*source, binning.tables, unit, *state, self.nan, *doubles, keys)
            return groups.add_located_doubles(*source, binning.tables, unit, *state, self.nan, located, *doubles, keys)
        axis = flip_of(binning.axis), np.uint64(binning.origin)
        if located is None:
            return numbers.add_integers(*source, binning.tables, unit, *state, *axis, *doubles, keys)
        return groups.add_located_integers(*source, binning.tables, unit, *state, *axis, located, *doubles, keys)

    def _make_room_for_far(self) -> None:
        if not self.far.shape[1]:
            self.far = _far_table(len(self.rows))

    def merge(self, other: Self) -> None:
        """Add another state on the same grid."""
        self._check_alike(other)
        for name in ("rows", "null", "nan", "cells"):
            add_counts(getattr(self, name), getattr(other, name))
        np.minimum(self.extremes[:, 0], other.extremes[:, 0], out=self.extremes[:, 0])
        np.maximum(self.extremes[:, 1], other.extremes[:, 1], out=self.extremes[:, 1])
        self.near += other.near
        if other.far.shape[1]:
            self._make_room_for_far()
            self.far += other.far
        self._carry()

    def traces(self) -> Traces:
        """Return the extremes."""
        held = len(self.extremes) and self.cells.any()
        return {name: Trace.of(self.extremes[0, at : at + 1]) for at, name in enumerate(EXTREMES)} if held else {}

    def subtract(self, other: Self, left: Traces) -> bool:
        """Take a state away: the extremes are those of the parts that are left."""
        self._check_alike(other)
        for name in ("rows", "null", "nan", "cells"):
            subtract_counts(getattr(self, name), getattr(other, name))
        self.near -= other.near
        if other.far.shape[1]:
            self._make_room_for_far()
            self.far -= other.far
        self._carry()
        self.far = self.far if self.far.any() else self.far[:, :0]
        if len(self.extremes):
            least, greatest = (left[name].keys.view(np.uint64) if name in left else NO_KEYS for name in EXTREMES)
            self.extremes[0] = least.min(initial=HIGHEST), greatest.max(initial=0)
        return True

    def _carry(self) -> None:
        """Bring the low digits of sums back in their range."""
        _carry(self.near, 1, 2)
        _carry(self.near, 3, 4)
        for high in (5, 4, 3, 1):
            _carry(self.far, high, high + 1)

    def _check_alike(self, other: Self) -> None:
        if self.binning != other.binning:
            msg = "two grids that differ do not add"
            raise IncompatibleProfilesError(msg, hint="profile one side with like= the other")
        if (len(self.extremes), len(self.near)) != (len(other.extremes), len(other.near)):
            msg = "states with moments and without do not add"
            raise IncompatibleProfilesError(msg)

    def empty(self) -> Self:
        """Return the state of no rows on the same grid."""
        state = self.new(self.binning, len(self.rows))
        state.extremes, state.near = state.extremes[: len(self.extremes)], state.near[: len(self.near)]
        state.far = state.far[: len(self.far)]
        return state

    def coarsened(self, binning: Binning) -> Self:
        """Return the state on a grid that has no edge that this one lacks, without the sums that count in its units."""
        places = np.searchsorted(self.binning.edges, binning.edges)
        cells = np.add.reduceat(self.cells, places, axis=1) if len(self.cells) else np.zeros((0, binning.n_cells), np.int64)
        return type(self)(binning, self._slots, cells, self.extremes.copy(), *_nothing()[1:])

    def gathered(self, indptr: Counts, indices: Counts) -> Self:
        """Return sums of groups."""
        slots, cells = (gathered(counts, indptr, indices) for counts in (self._slots.T, self.cells))
        return type(self)(self.binning, slots.T, cells, *_nothing())

    def sums_to(self, whole: Self) -> bool:
        """Whether the groups add up to the state of the whole lake, whose grid has every edge of this one."""
        places = np.searchsorted(whole.binning.edges, self.binning.edges)
        nested = self.binning.axis == whole.binning.axis and places[-1] < whole.binning.n_cells
        if not nested or (whole.binning.edges[places] != self.binning.edges).any():
            return False
        slots = (self._slots.sum(axis=1) == whole._slots[:, 0]).all()
        return bool(slots and (self.cells.sum(axis=0) == np.add.reduceat(whole.cells[0], places)).all())

    @property
    def _slots(self) -> Counts:
        return np.stack([self.rows, self.null, self.nan])

    def moments(self, group: int = 0) -> tuple[float, float]:
        """Return the mean and the population variance of the finite values, from exact sums; NaN where there are none."""
        if group >= len(self.near):
            return float("nan"), float("nan")
        unit = 1 / Fraction(self.binning.scale)
        count, near, square = _near_sums(self.near[group])
        far_count, far, far_square = _far_sums(self.far[group])
        if not count + far_count:
            return float("nan"), float("nan")
        # everything is measured from the centre: Σ(x - a) = Σz·unit + Σ_far x - n_far·a, and likewise for squares
        centre = Fraction(self.binning.centre)
        total = near * unit + far - far_count * centre
        squares = square * unit**2 + far_square - 2 * centre * far + far_count * centre**2
        mean = total / (count + far_count)
        origin = Fraction(self.origin_value()) if self.binning.axis != "double" else centre
        return float(origin + mean), _double(squares / (count + far_count) - mean**2)

    def origin_value(self) -> int:
        """Return the integer that values of an integer axis are measured from."""
        return self.binning.origin - (1 << 63 if self.binning.axis == "int64" else 0)

    def to_arrow(self) -> pa.Table:
        """Return the state as `lakedrift.longform` says: cells, extremes by key, and the digits of the moments."""
        kept = {name: json.dumps(bool(len(getattr(self, name)))) for name in KEPT}
        table = LongTable(binning=self.binning.to_json(), extremes=kept["extremes"], moments=kept["near"])
        for name in FLAT:
            table.flat(name, getattr(self, name))
        table.sparse("cells", self.cells, ascending_values(self.binning.edges, self.binning.axis))
        held = np.flatnonzero(self.cells.any(axis=1))[: len(self.extremes)]
        keys = self.extremes[held].ravel()
        values = key_values(keys, self.binning.axis)
        table.entries("extremes", held.repeat(2), np.tile([0, 1], len(held)), keys.view(np.int64), values)
        table.sparse("near", self.near)
        table.sparse("far", self.far.reshape(len(self.far), self.far.shape[1] * FAR))
        return table.table()

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Return the state that `to_arrow` wrote; CorruptProfileError where it says what cannot be."""
        read = LongRows(table)
        binning = sound_binning(read.grid.get("binning", ""))
        slots = np.array([read.flat(name) for name in FLAT])
        cells = read.sparse("cells", binning.n_cells)
        require((cells.sum(axis=1) == slots[0] - slots[1] - slots[2]).all(), "cells do not sum to the valid values")
        flags = [read.grid.get(name) for name in ("extremes", "moments")]
        require(set(flags) <= {"true", "false"}, "a state of numbers does not say whether it has extremes and moments")
        extremes, near, far = _nothing()
        if flags[0] == "true":
            extremes = _extremes(read, cells, binning)
        if flags[1] == "true":
            near, far = _read_moments(read)
        read.finish()
        state = cls(binning, slots, cells, extremes, near, far)
        _check_moments(state)
        return state


def _read_moments(read: LongRows) -> tuple[Counts, Counts]:
    """Return near and far sums of as many groups as there are."""
    far = read.sparse("far", moments.EXPONENTS * FAR, signed=True).reshape(read.n_groups, -1, FAR)
    return read.sparse("near", NEAR, signed=True), far if far.any() else far[:, :0]


def _extremes(read: LongRows, cells: Counts, binning: Binning) -> NDArray[np.uint64]:
    """Return the keys of the extremes, which lie in the outermost cells that hold any value."""
    groups, places, keys = read.entries("extremes")
    held = np.flatnonzero(cells.any(axis=1))
    require(np.array_equal(groups, held.repeat(2)), "extremes are of other groups than values")
    require(np.array_equal(places, np.tile([0, 1], len(held))), "extremes are not in order")
    extremes = np.tile(np.array([HIGHEST, 0], np.uint64), (len(cells), 1))
    extremes[held] = keys.view(np.uint64).reshape(-1, 2)
    require((extremes[held, 0] <= extremes[held, 1]).all(), "extremes are not in order")
    least, most = (cells[held] > 0).argmax(axis=1), cells.shape[1] - 1 - (cells[held, ::-1] > 0).argmax(axis=1)
    found = binning.cell_of(extremes[held])
    require(np.array_equal(found, np.column_stack([least, most])), "extremes are not in the outermost cells")
    return extremes


def _check_moments(state: Numeric) -> None:
    """Refuse sums of other values than those counted, and digits that are none."""
    counted = state.near[:, 0] + state.far[:, :, 0].sum(axis=1)
    finite = (state.valid - state.infinite[0] - state.infinite[1])[: len(counted)]
    require((counted == finite).all(), "moments are of other values than the cells")
    require((state.near[:, 0] >= 0).all() and (state.far[:, :, 0] >= 0).all(), "a count of moments is negative")
    digits = np.concatenate([state.near[:, [2, 4]].ravel(), state.far[:, :, [2, 4, 5, 6]].ravel()])
    require(((digits >= 0) & (digits < BASE)).all(), "a digit of the moments is none")


def _nothing() -> tuple[NDArray[np.uint64], Counts, Counts]:
    """Return the extremes and sums of groups: none are kept."""
    return np.empty((0, 2), np.uint64), np.zeros((0, 5), np.int64), np.zeros((0, 0, 7), np.int64)


def _unkept() -> tuple[NDArray[np.uint64], Counts, Counts]:
    """Return where kernels put extremes and sums that nobody keeps."""
    return np.array([HIGHEST, 0], np.uint64), np.zeros(NEAR, np.int64), np.zeros((0, FAR), np.int64)


def _far_table(n_groups: int) -> Counts:
    return np.zeros((n_groups, moments.EXPONENTS, 7), np.int64)


def _double(number: Fraction) -> float:
    """Return the nearest double; squares of doubles may pass the largest one."""
    try:
        return float(number)
    except OverflowError:
        return float("inf")


def _carry(digits: Counts, high: int, low: int) -> None:
    """Bring a low digit back into [0, 2**32)."""
    digits[..., high] += digits[..., low] >> 32
    digits[..., low] &= BASE - 1


def _near_sums(near: Counts) -> tuple[int, int, int]:
    count, high, low, square_high, square_low = (int(digit) for digit in near)
    return count, high * BASE + low, square_high * BASE + square_low


def _far_sums(far: Counts) -> tuple[int, Fraction, Fraction]:
    """Count, Σx and Σx² of the far values, exactly."""
    count, total, squares = 0, Fraction(0), Fraction(0)
    for row in np.flatnonzero(far[:, 0]).tolist():
        n, high, low, *digits = (int(digit) for digit in far[row])
        unit = Fraction(2) ** (row - moments.EXPONENT_BIAS - 53)
        square = 0
        for digit in digits:
            square = square * BASE + digit
        count += n
        total += (high * BASE + low) * unit
        squares += square * unit**2
    return count, total, squares


SUMMARY = Numeric

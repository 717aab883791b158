"""Where the values of a numeric column lie: counts in the cells of a grid, extremes, and exact moments.

Infinities are ordered values: they are counted in the cells, and as they have cells of their own, apart as well.
"""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift.binning import Binning
from lakedrift.columns import Column
from lakedrift.errors import IncompatibleProfilesError
from lakedrift.gathering import gathered
from lakedrift.keying import BUFFERS, column_of, flip_of
from lakedrift.summary import Codes, Counts, add_counts
from lakedrift_kernels import groups, moments, numbers

__all__ = ["SUMMARY", "Numeric"]

HIGHEST = np.uint64((1 << 64) - 1)
MINUS_INFINITY = np.uint64(0x000FFFFFFFFFFFFF)
PLUS_INFINITY = np.uint64(0xFFF0000000000000)
BASE = 1 << 32
FLAT = ("rows", "null", "nan")


class Numeric:
    """Counts in cells.

    Attributes
    ----------
    binning
        The grid.
    rows, null, nan
        (n_groups,) counts; the valid values are the rest.
    cells
        (n_groups, n_cells) counts of valid values.
    extremes
        (n_groups, 2) keys of the least and greatest value; 2**64 - 1 and 0 where there is none.
    near, far
        Sums of the moments' integers, (n_groups, 5) and (n_groups, EXPONENTS, 7); see `lakedrift_kernels.moments`. While no
        value is far from the centre, `far` is (n_groups, 0, 7). A state of groups, `of_groups`, keeps no extremes and no
        sums: these are (0, 2), (0, 5) and (0, 0, 7).
    """

    KIND: ClassVar[str] = "numeric"

    def __init__(self, binning: Binning, slots: Counts, cells: Counts, extremes: NDArray[np.uint64], near: Counts, far: Counts):
        self.binning = binning
        self.rows, self.null, self.nan = slots
        self.cells = cells
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
        """Add a batch of the column to the state of the whole lake; return the cell there of each value, (n,)."""
        cells = np.empty(len(array), np.int32)
        whole._update(array, cells)
        return cells

    def update_groups(self, located: NDArray[np.int32], codes: Codes) -> None:
        """Add a batch of the column whose rows are in groups."""
        self.rows += codes.rows
        groups.add_cells(located, codes.of_rows, self.binning.cell_of_fine, self.cells, self.null, self.nan)

    def _update(self, array: pa.Array, located: NDArray[np.int32] | None) -> None:
        self.rows[0] += len(array)
        self.null[0] += array.null_count
        column = column_of(array, self.binning.axis)
        done = 0
        while done < len(column.values):
            done, far = self._count(column, done, located)
            if far:
                self._make_room_for_far()
                moments.add_far(BUFFERS.doubles, far, self.binning.centre, self.binning.scale, self.far[0])

    def _count(self, column: Column, start: int, located: NDArray[np.int32] | None) -> tuple[int, int]:
        """Count the rest of a column; return where it stopped, and how many values of the buffer may have no room in `far`."""
        binning = self.binning
        source = column.values, column.validity, column.offset, start
        state = self.cells[0], self.extremes[0], self.near[0], self.far[0]
        unit, doubles, keys = (binning.centre, binning.scale), BUFFERS.doubles, BUFFERS.keys
        if binning.linear is not None:
            copied, units = BUFFERS.gathered, BUFFERS.units
            if located is None:
                return numbers.add_linear(*source, binning.lines, unit, *state, self.nan, doubles, copied, keys, units)
            return groups.add_located_linear(*source, binning.lines, unit, *state, self.nan, located, doubles, copied, units)
        if binning.axis == "double":
            if located is None:
                return numbers.add_doubles(*source, binning.tables, unit, *state, self.nan, doubles, keys)
            return groups.add_located_doubles(*source, binning.tables, unit, *state, self.nan, located, doubles, keys)
        axis = flip_of(binning.axis), np.uint64(binning.origin)
        if located is None:
            return numbers.add_integers(*source, binning.tables, unit, *state, *axis, doubles, keys)
        return groups.add_located_integers(*source, binning.tables, unit, *state, *axis, located, doubles, keys)

    def _make_room_for_far(self) -> None:
        if not self.far.shape[1]:
            self.far = _far_table(len(self.rows))

    def merge(self, other: Self) -> None:
        """Add another state on the same grid."""
        if self.binning != other.binning:
            msg = "two grids that differ do not add"
            raise IncompatibleProfilesError(msg, hint="profile one side with like= the other")
        for name in ("rows", "null", "nan", "cells"):
            add_counts(getattr(self, name), getattr(other, name))
        np.minimum(self.extremes[:, 0], other.extremes[:, 0], out=self.extremes[:, 0])
        np.maximum(self.extremes[:, 1], other.extremes[:, 1], out=self.extremes[:, 1])
        self.near += other.near
        if other.far.shape[1]:
            self._make_room_for_far()
            self.far += other.far
        _carry(self.near, 1, 2)
        _carry(self.near, 3, 4)
        for high in (5, 4, 3, 1):
            _carry(self.far, high, high + 1)

    def empty(self) -> Self:
        """Return the state of no rows on the same grid."""
        return (self.new if len(self.near) else self.of_groups)(self.binning, len(self.rows))

    def gathered(self, indptr: Counts, indices: Counts) -> Self:
        """Return sums of groups."""
        slots, cells = (gathered(counts, indptr, indices) for counts in (self._slots.T, self.cells))
        return type(self)(self.binning, slots.T, cells, *_nothing())

    def sums_to(self, whole: Self) -> bool:
        """Whether the groups add up to the state of the whole lake, on the grid that these cells are joined of."""
        kept = self.binning.kept if len(self.binning.kept) else np.arange(self.binning.n_cells)
        joined = np.add.reduceat(whole.cells[0], kept)
        slots = (self._slots.sum(axis=1) == whole._slots[:, 0]).all()
        return bool(whole.binning == self.binning.fine and slots and (self.cells.sum(axis=0) == joined).all())

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
        """Return one row a group, the grid in the metadata; cells and far sums as indices and values of what is not zero."""
        held = [np.flatnonzero(row) for row in self.cells]
        rows = [np.flatnonzero(table[:, 0]) for table in self.far]
        integers, none = pa.list_(pa.int64()), [None] * len(self.rows)
        state = {name: getattr(self, name) for name in FLAT} | {
            "extremes": pa.array(list(self.extremes) or none, pa.list_(pa.uint64())),
            "near": pa.array(list(self.near) or none, integers),
            "cells": pa.array(held, integers),
            "counts": pa.array([row[at] for row, at in zip(self.cells, held, strict=True)], integers),
            "far_rows": pa.array(rows or none, integers),
            "far": pa.array([table[at].ravel() for table, at in zip(self.far, rows, strict=True)] or none, integers),
        }
        return pa.table(state).replace_schema_metadata({"binning": self.binning.to_json()})

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Return the state that `to_arrow` wrote."""
        new = cls.of_groups if table["near"].null_count else cls.new
        state = new(Binning.from_json(table.schema.metadata[b"binning"].decode()), table.num_rows)
        for name in FLAT:
            getattr(state, name)[:] = table[name].to_numpy()
        for group, row in enumerate(table.drop_columns(list(FLAT)).to_pylist()):
            state.cells[group, row["cells"]] = row["counts"]
            if len(state.near):
                state.extremes[group], state.near[group] = row["extremes"], row["near"]
            if row["far_rows"]:
                state.far = state.far if state.far.shape[1] else _far_table(table.num_rows)
                state.far[group, row["far_rows"]] = np.array(row["far"], np.int64).reshape(-1, state.far.shape[2])
        return state


def _nothing() -> tuple[NDArray[np.uint64], Counts, Counts]:
    """Return the extremes and sums of groups: none are kept."""
    return np.empty((0, 2), np.uint64), np.zeros((0, 5), np.int64), np.zeros((0, 0, 7), np.int64)


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

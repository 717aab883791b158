"""The exact values of a numeric column in chosen cells of its grid: what a second scan keeps to settle what the cells cannot.

The state is a multiset of keys, sorted, each with its count, and so does not depend on the order of the values.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift.binning import Binning, key_values
from lakedrift.errors import IncompatibleProfilesError
from lakedrift.keying import BUFFERS, column_of, flip_of, sort
from lakedrift.linear import Near, covered
from lakedrift.longform import LongRows, LongTable
from lakedrift.soundness import require, sound_binning
from lakedrift.summary import Counts, add_counts
from lakedrift.trace import Traces
from lakedrift_kernels import multisets, numbers

__all__ = ["SUMMARY", "Values"]

LAST_KEY = np.uint64((1 << 64) - 1)
ABOUT_BITS = 20  # top bits of a key by which a first look tells most that are not wanted
SETTLE_AT = 1 << 17  # loose keys that are sorted into the multiset at a time: with the scratch for it, about a cache
SLOTS = ("rows", "null", "nan", "others")
Keys = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class _Choice:
    """Chosen cells of a grid, with the tables by which kernels know them; states of one scan share them."""

    binning: Binning
    cells: Counts

    @functools.cached_property
    def wanted(self) -> NDArray[np.bool_]:
        """Whether each cell is chosen, (n_cells,)."""
        wanted = np.zeros(self.binning.n_cells, bool)
        wanted[self.cells] = True
        return wanted

    @functools.cached_property
    def near(self) -> Near:
        """Whether units, the last of a range of linear cells too, may lie in a chosen cell."""
        linear, before = self.binning.linear, self.binning.before_linear
        assert linear is not None  # noqa: S101 -- whoever asks has looked
        inside = self.cells - before
        return linear.near(inside[(inside >= 0) & (inside < linear.n_cells)])

    @functools.cached_property
    def about(self) -> NDArray[np.bool_]:
        """Whether keys with these top bits may lie in a chosen cell, (2**ABOUT_BITS,)."""
        shift = np.uint64(64 - ABOUT_BITS)
        edges = self.binning.edges
        first = edges[self.cells] >> shift
        last = (np.append(edges[1:] - np.uint64(1), LAST_KEY))[self.cells] >> shift
        return covered(first, last, 1 << ABOUT_BITS)


class Values:
    """Values in chosen cells, of the whole lake.

    Attributes
    ----------
    rows, null, nan, others
        (1,) counts; `others` are valid values in other cells.
    """

    KIND: ClassVar[str] = "values"

    def __init__(self, choice: _Choice, slots: Counts, keys: Keys, counts: Counts) -> None:
        self._choice = choice
        self.rows, self.null, self.nan, self.others = slots
        self._keys, self._counts = keys, counts
        self._loose: list[Keys] = []
        self._n_loose = 0

    @classmethod
    def new(cls, binning: Binning, wanted: Counts) -> Self:
        """Return the state of no rows."""
        return cls(_Choice(binning, wanted), *_nothing())

    @property
    def binning(self) -> Binning:
        """The grid."""
        return self._choice.binning

    @property
    def wanted(self) -> Counts:
        """The numbers of the chosen cells, ascending."""
        return self._choice.cells

    @property
    def valid(self) -> Counts:
        """How many values were seen, kept or not."""
        seen: Counts = self.others + self.kept[1].sum()
        return seen

    @property
    def kept(self) -> tuple[Keys, Counts]:
        """The distinct keys in the chosen cells, ascending, and how often each occurs."""
        self._settle()
        return self._keys, self._counts

    def update(self, array: pa.Array) -> None:
        """Add a batch of the column."""
        self.rows[0] += len(array)
        self.null[0] += array.null_count
        column = column_of(array, self.binning.axis)
        selected = BUFFERS.keys_of(len(array))
        binning, choice, doubles, keys = self.binning, self._choice, BUFFERS.doubles, BUFFERS.keys
        source, wanted = (column.values, column.validity, column.offset), (choice.wanted, selected)
        if binning.linear is not None:
            cells, gathered, units = (binning.lines, choice.near), BUFFERS.gathered, BUFFERS.units
            valid, kept = numbers.select_linears(*source, *cells, *wanted, self.nan, doubles, gathered, units)
        elif binning.axis == "double":
            valid, kept = numbers.select_doubles(*source, binning.tables, choice.about, *wanted, self.nan, doubles, keys)
        else:
            axis = flip_of(binning.axis), np.uint64(binning.origin)
            valid, kept = numbers.select_integers(*source, binning.tables, choice.about, *wanted, *axis, doubles, keys)
        self.others[0] += valid - kept
        self._hold(selected[:kept].copy())

    def merge(self, other: Self) -> None:
        """Add another state of the same cells."""
        if self.binning != other.binning or not np.array_equal(self.wanted, other.wanted):
            msg = "values of different cells do not add"
            raise IncompatibleProfilesError(msg)
        for name in SLOTS:
            add_counts(getattr(self, name), getattr(other, name))
        keys, counts = other.kept
        self._settle()
        self._take(multisets.merge_multisets, keys, counts)

    def traces(self) -> Traces:
        """Return nothing: these values belong to one comparison."""
        return {}

    def subtract(self, other: Self, left: Traces) -> bool:
        """Take a state away: nobody asks for that."""
        del left
        return not other.rows.any()

    def empty(self) -> Self:
        """Return the state of no rows."""
        return type(self)(self._choice, *_nothing())

    def to_arrow(self) -> pa.Table:
        """Return the state as `lakedrift.longform` says: the chosen cells by number, and the keys kept in them."""
        keys, counts = self.kept
        table = LongTable(binning=self.binning.to_json())
        for name in SLOTS:
            table.flat(name, getattr(self, name))
        table.entries("wanted", np.zeros_like(self.wanted), self.wanted, np.ones_like(self.wanted))
        values = key_values(keys, self.binning.axis)
        table.entries("keys", np.zeros_like(counts), keys.view(np.int64), counts, values)
        return table.table()

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Return the state that `to_arrow` wrote; CorruptProfileError where it says what cannot be."""
        read = LongRows(table)
        require(read.n_groups == 1, "values are kept of more than one group")
        binning = sound_binning(read.grid.get("binning", ""))
        slots = np.array([read.flat(name) for name in SLOTS])
        wanted = np.flatnonzero(read.sparse("wanted", binning.n_cells)[0])
        _, places, counts = read.entries("keys")
        read.finish()
        keys = places.view(np.uint64)
        require((keys[1:] > keys[:-1]).all() and (counts > 0).all(), "kept values are not in order")
        require(np.isin(binning.cell_of(keys), wanted).all(), "a value was kept of a cell that nobody wanted")
        require(slots[0] == slots[1:].sum(axis=0) + counts.sum(), "rows are not null, NaN and valid ones")
        return cls(_Choice(binning, wanted), slots, keys.copy(), counts.copy())

    def _hold(self, keys: Keys) -> None:
        self._loose.append(keys)
        self._n_loose += len(keys)
        if self._n_loose >= max(SETTLE_AT, len(self._keys)):
            self._settle()

    def _settle(self) -> None:
        if self._n_loose:
            keys = np.concatenate(self._loose)
            self._loose, self._n_loose = [], 0
            sort(keys)
            self._take(multisets.merge_sorted, keys)

    def _take(self, merge: Callable[..., int], keys: Keys, *counts: Counts) -> None:
        """Merge what is held with more keys, given ascending."""
        merged = np.empty(len(self._keys) + len(keys), np.uint64)
        totals = np.empty(len(merged), np.int64)
        n = merge(self._keys, self._counts, keys, *counts, merged, totals)
        crowded = 2 * n < len(merged)
        self._keys, self._counts = (merged[:n].copy(), totals[:n].copy()) if crowded else (merged[:n], totals[:n])


def _nothing() -> tuple[Counts, Keys, Counts]:
    return np.zeros((4, 1), np.int64), np.empty(0, np.uint64), np.empty(0, np.int64)


SUMMARY = Values

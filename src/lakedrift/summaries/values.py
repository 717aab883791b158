"""The exact values of a numeric column in chosen cells of its grid: what a second scan keeps to settle what the cells cannot.

The state is a multiset of keys, sorted, each with its count, and so does not depend on the order of the values.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift.binning import Binning, key_values
from lakedrift.errors import IncompatibleProfilesError
from lakedrift.keying import BUFFERS, column_of, flip_of
from lakedrift.linear import Near, covered
from lakedrift.longform import LongRows, LongTable
from lakedrift.multiset import Multiset
from lakedrift.soundness import require, sound_binning
from lakedrift.summary import Counts, add_counts
from lakedrift.trace import Traces
from lakedrift_kernels import numbers

__all__ = ["SUMMARY", "Values"]

LAST_KEY = np.uint64((1 << 64) - 1)
ABOUT_BITS = 20  # top bits of a key by which a first look tells most that are not wanted
SLOTS = ("rows", "null", "nan", "others")
Keys = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class _Choice:
    """Chosen cells of a grid, with the tables by which kernels know them; states of one scan share them."""

    binning: Binning
    cells: Counts

    @property
    def n_slots(self) -> int:
        """How many slots for keys that repeat take no more than the counts of the grid: a power of two."""
        return 1 << max(self.binning.n_cells.bit_length() - 2, 0)

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

    def __init__(self, choice: _Choice, slots: Counts, kept: Multiset) -> None:
        self._choice = choice
        self.rows, self.null, self.nan, self.others = slots
        self._kept = kept

    @classmethod
    def new(cls, binning: Binning, wanted: Counts) -> Self:
        """Return the state of no rows."""
        choice = _Choice(binning, wanted)
        return cls(choice, _nothing(), Multiset(choice.n_slots))

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
        seen: Counts = self.others + self._kept.total
        return seen

    @property
    def kept(self) -> tuple[Keys, NDArray[Any]]:
        """The distinct keys in the chosen cells, ascending, and how often each occurs, of any unsigned type."""
        return self._kept.sorted

    @property
    def table_bytes(self) -> int:
        """What the table takes that ends the matter for most values; of linear cells it is small."""
        return 0 if self.binning.linear is not None else 1 << ABOUT_BITS

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
        self._kept.add(selected[:kept])

    def merge(self, other: Self) -> None:
        """Add another state of the same cells."""
        if self.binning != other.binning or not np.array_equal(self.wanted, other.wanted):
            msg = "values of different cells do not add"
            raise IncompatibleProfilesError(msg)
        for name in SLOTS:
            add_counts(getattr(self, name), getattr(other, name))
        self._kept.merge(other._kept)

    def traces(self) -> Traces:
        """Return nothing: these values belong to one comparison."""
        return {}

    def subtract(self, other: Self, left: Traces) -> bool:
        """Take a state away: nobody asks for that."""
        del left
        return not other.rows.any()

    def empty(self) -> Self:
        """Return the state of no rows."""
        return type(self)(self._choice, _nothing(), Multiset(self._choice.n_slots))

    def to_arrow(self) -> pa.Table:
        """Return the state as `lakedrift.longform` says: the chosen cells by number, and the keys kept in them."""
        keys, times = self.kept
        counts = times.astype(np.int64)
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
        choice = _Choice(binning, wanted)
        kept = Multiset(choice.n_slots)
        kept.put(keys.copy(), counts)
        return cls(choice, slots, kept)


def _nothing() -> Counts:
    return np.zeros((len(SLOTS), 1), np.int64)


SUMMARY = Values

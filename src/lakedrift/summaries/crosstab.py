"""How often each value of a categorical or boolean column occurs in each group: a table of groups by names and buckets.

A name is a value with a column of its own; every other is counted in one of 2**bits buckets by the top bits of its hash, as
`hashing` describes it. Both are fixed before anything is counted, so the state is a function of the multiset of values. Two
tables of different names have the names that both have: what only one has goes to its bucket, which its hash tells.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift.encoding import Encoded
from lakedrift.errors import IncompatibleProfilesError
from lakedrift.gathering import gathered
from lakedrift.hashing import strings_of
from lakedrift.longform import LongRows, LongTable
from lakedrift.soundness import require, sound_names
from lakedrift.summary import Codes, Counts, Summary, TwoDigits, add_counts, subtract_counts
from lakedrift.tallies import NameIndex
from lakedrift.trace import Traces
from lakedrift_kernels import groups, hashing

__all__ = ["SUMMARY", "Crosstab"]

NO_NAN: Counts = np.empty(0, np.int64)


class Crosstab:
    """Counts by group, and name or bucket.

    Attributes
    ----------
    names
        The values that are counted by themselves, sorted, called as in `Frequencies`.
    bits
        How many bits of a hash, from the top, are its bucket; 1 to 16.
    rows, null
        (n_groups,) counts.
    """

    KIND: ClassVar[str] = "crosstab"

    def __init__(self, names: Sequence[str], bits: int, rows: Counts, null: Counts, cells: Counts) -> None:
        self.names = tuple(names)
        self.bits = bits
        self.rows = rows
        self.null = null
        self._table = TwoDigits(cells)

    @classmethod
    def new(cls, names: Sequence[str], bits: int, n_groups: int = 1) -> Self:
        """Return the state of no rows."""
        known = sorted(set(names))
        rows, null = np.zeros((2, n_groups), np.int64)
        return cls(known, bits, rows, null, np.zeros((n_groups, len(known) + (1 << bits)), np.int64))

    @property
    def cells(self) -> Counts:
        """Counts of the names, then of the buckets, (n_groups, n_names + 2**bits)."""
        return self._table.counts

    @property
    def nan(self) -> Counts:
        """Always 0: NaN is a number."""
        return np.zeros_like(self.rows)

    @property
    def valid(self) -> Counts:
        """How many values were counted."""
        held: Counts = self.cells.sum(axis=1)
        return held

    @property
    def counts(self) -> Counts:
        """Counts of `names`, (n_groups, n_names)."""
        return self.cells[:, : len(self.names)]

    @property
    def buckets(self) -> Counts:
        """Counts of all other values by the top bits of their hash, (n_groups, 2**bits)."""
        return self.cells[:, len(self.names) :]

    def update(self, array: pa.Array) -> None:
        """Add a batch of the column, of any type, to the first group."""
        self.update_groups(Encoded.of(array), Codes.of(np.zeros(len(array), np.int32), len(self.rows)))

    def located(self, array: pa.Array, whole: Summary) -> Encoded:
        """Add a batch of the column, of any type, to the state of the whole lake; return it as codes of its values."""
        encoded = Encoded.of(array)
        whole.update(encoded.column())
        return encoded

    def update_groups(self, located: Encoded, codes: Codes) -> None:
        """Add a batch of the column whose rows are in groups."""
        self.rows += codes.rows
        cells = self._cells_of(located)
        groups.add_many_cells(located.codes, codes.of_rows, cells, *self._table.digits, self.null, NO_NAN)

    def merge(self, other: Self) -> None:
        """Add another state; of different names, those that both have are left."""
        if self.bits != other.bits:
            msg = "tables of different numbers of buckets do not add"
            raise IncompatibleProfilesError(msg, hint="profile one side with like= the other")
        if self.names != other.names:
            shared = sorted(set(self.names).intersection(other.names))
            mine, other = self.narrowed(shared), other.narrowed(shared)
            vars(self).clear()  # the index of its names goes too
            vars(self).update(vars(mine))
        for name in ("rows", "null", "cells"):
            add_counts(getattr(self, name), getattr(other, name))

    def traces(self) -> Traces:
        """Return nothing: counts tell all."""
        return {}

    def subtract(self, other: Self, left: Traces) -> bool:
        """Take a state of the same names and buckets away."""
        del left
        if (self.bits, self.names) != (other.bits, other.names):
            msg = "tables of different names or buckets do not subtract"
            raise IncompatibleProfilesError(msg)
        for name in ("rows", "null", "cells"):
            subtract_counts(getattr(self, name), getattr(other, name))
        return True

    def empty(self) -> Self:
        """Return the state of no rows with the same names and buckets."""
        return self.new(self.names, self.bits, len(self.rows))

    def coarsened(self, bits: int) -> Self:
        """Return the state with no more bits of a hash than it has."""
        buckets = self.buckets.reshape(len(self.rows), 1 << bits, 1 << self.bits - bits).sum(axis=2)
        return type(self)(self.names, bits, self.rows.copy(), self.null.copy(), np.hstack([self.counts, buckets]))

    def gathered(self, indptr: Counts, indices: Counts) -> Self:
        """Return sums of groups."""
        sums = (gathered(counts, indptr, indices) for counts in (self.rows, self.null, self.cells))
        return type(self)(self.names, self.bits, *sums)

    def places_of(self, values: Sequence[str]) -> NDArray[np.int32]:
        """Return the cell that each value is counted in, (n,)."""
        return self._index.locate(strings_of(values, [0] * len(values)))

    def sums_to(self, whole: Any) -> bool:
        """Whether the groups add up to the frequencies of the whole lake, by the names that both count."""
        held = self.narrowed(sorted(set(self.names).intersection(whole.values)))
        expected = np.zeros(held.cells.shape[1], np.int64)
        np.add.at(expected, held.places_of(whole.values), whole.counts[0])
        if whole.buckets is not None:
            expected[len(held.names) :] += whole.buckets[0].reshape(1 << self.bits, -1).sum(axis=1)
        rows = self.rows.sum() == whole.rows[0] and self.null.sum() == whole.null[0]
        return bool(rows and (held.cells.sum(axis=0) == expected).all())

    def to_arrow(self) -> pa.Table:
        """Return the state as `lakedrift.longform` says: values by number, buckets; names and bits in the metadata."""
        table = LongTable(names=json.dumps(self.names, separators=(",", ":")), bits=str(self.bits))
        table.flat("rows", self.rows)
        table.flat("null", self.null)
        table.sparse("values", self.counts, names=self.names)
        table.sparse("buckets", self.buckets)
        return table.table()

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Return the state that `to_arrow` wrote; CorruptProfileError where it says what cannot be."""
        read = LongRows(table)
        names, bits = sound_names(read.grid.get("names", "")), read.grid.get("bits")
        require(
            bits in [str(possible) for possible in range(1, 17)],
            "a table of categories has another number of buckets than it can",
        )
        rows, null = read.flat("rows"), read.flat("null")
        cells = np.hstack([read.sparse("values", len(names)), read.sparse("buckets", 1 << int(bits or 0))])
        read.finish()
        require((cells.sum(axis=1) == rows - null).all(), "categories do not sum to the valid values")
        return cls(names, int(bits or 0), rows, null, cells)

    def _cells_of(self, encoded: Encoded) -> NDArray[np.int32]:
        """Return the cell of each value of a column, (n_values,)."""
        cells = np.zeros(len(encoded.values), np.int32)
        for block in encoded.texts().blocks():
            for located in block.strings():
                places = located.rows[:, hashing.TIMES].astype(np.int64) - 1
                cells[places] = self._index.locate(located)
        return cells

    def narrowed(self, names: Sequence[str]) -> Self:
        """Return the state with these of its names, sorted; the others in their buckets."""
        state = self.new(names, self.bits, len(self.rows))
        state.rows[:], state.null[:] = self.rows, self.null
        state.cells[:, len(names) :] = self.buckets
        for place, column in zip(state.places_of(self.names).tolist(), self.counts.T, strict=True):
            state.cells[:, place] += column
        return state

    @functools.cached_property
    def _index(self) -> NameIndex:
        return NameIndex(self.names, self.bits)


SUMMARY = Crosstab

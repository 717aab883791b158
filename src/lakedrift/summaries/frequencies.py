"""How often each value of a categorical or boolean column occurs, counted exactly by value, never by dictionary code."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar, Self

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakedrift import columns
from lakedrift.errors import InvariantError
from lakedrift.summary import Counts, add_counts
from lakedrift_kernels import strings

__all__ = ["SUMMARY", "Frequencies"]

INLINE = 12  # bytes of a string that its view holds whole
SMALLEST_TABLE = 1 << 10


class Frequencies:
    """Counts by value.

    Attributes
    ----------
    rows, null
        (n_groups,) counts.
    values
        The distinct values seen, sorted, as text; a boolean column has `false` and `true`.
    counts
        (n_groups, n_values) counts.
    """

    KIND: ClassVar[str] = "frequencies"

    def __init__(self, rows: Counts, null: Counts, tallies: list[Counter[str]]) -> None:
        self.rows = rows
        self.null = null
        self._tallies = tallies
        self._short = _ViewTable()

    @classmethod
    def new(cls, n_groups: int = 1) -> Self:
        """Return the state of no rows."""
        return cls(np.zeros(n_groups, np.int64), np.zeros(n_groups, np.int64), [Counter() for _ in range(n_groups)])

    @property
    def nan(self) -> Counts:
        """Always 0: NaN is a number."""
        return np.zeros_like(self.rows)

    @property
    def valid(self) -> Counts:
        """How many values were counted."""
        return np.array([tally.total() for tally in self._settled()], np.int64)

    @property
    def values(self) -> tuple[str, ...]:
        """The distinct values seen, sorted by code point, which is also the order of their UTF-8 bytes."""
        return tuple(sorted(set().union(*self._settled())))

    @property
    def counts(self) -> Counts:
        """Counts of `values`, (n_groups, n_values)."""
        values = self.values
        counts = [[tally[value] for value in values] for tally in self._settled()]
        return np.array(counts, np.int64).reshape(len(self.rows), len(values))

    def update(self, array: pa.Array) -> None:
        """Add a batch of a boolean column, or of any other as text."""
        self.rows[0] += len(array)
        self.null[0] += array.null_count
        if pa.types.is_boolean(array.type):
            self._count_booleans(array)
            return
        array = columns.labels(array)
        if pa.types.is_dictionary(array.type):
            self._count_codes(array)
        else:
            self._count_strings(array)

    def merge(self, other: Self) -> None:
        """Add another state."""
        add_counts(self.rows, other.rows)
        add_counts(self.null, other.null)
        for mine, theirs in zip(self._settled(), other._settled(), strict=True):
            mine.update(theirs)

    def empty(self) -> Self:
        """Return the state of no rows."""
        return self.new(len(self.rows))

    def to_arrow(self) -> pa.Table:
        """Return one row a group: rows, null, and its values with their counts."""
        tallies = [sorted(tally.items()) for tally in self._settled()]
        return pa.table(
            {
                "rows": self.rows,
                "null": self.null,
                "values": pa.array([[value for value, _ in tally] for tally in tallies], pa.list_(pa.string())),
                "counts": pa.array([[count for _, count in tally] for tally in tallies], pa.list_(pa.int64())),
            }
        )

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Return the state that `to_arrow` wrote."""
        pairs = zip(table["values"].to_pylist(), table["counts"].to_pylist(), strict=True)
        tallies = [Counter(dict(zip(values, counts, strict=True))) for values, counts in pairs]
        return cls(table["rows"].to_numpy().copy(), table["null"].to_numpy().copy(), tallies)

    def _settled(self) -> list[Counter[str]]:
        """Return the tallies, with what the table of short strings holds added to them."""
        if self._short.used[0]:
            self._tallies[0].update(self._short.tally())
            self._short = _ViewTable()
        return self._tallies

    def _count_booleans(self, array: pa.Array) -> None:
        true = pc.sum(array).as_py() or 0
        false = len(array) - array.null_count - true
        self._tallies[0].update({value: n for value, n in (("false", false), ("true", true)) if n})

    def _count_codes(self, array: pa.DictionaryArray) -> None:
        codes = columns.numbers(array.indices)
        counts = np.zeros(len(array.dictionary), np.int64)
        if strings.count_codes(codes.values, codes.validity, codes.offset, counts):
            msg = "a dictionary code points outside its dictionary"
            raise InvariantError(msg)
        names = array.dictionary.to_pylist()
        for code in np.flatnonzero(counts).tolist():
            if names[code] is None:  # a null may also hide in the dictionary
                self.null[0] += counts[code]
            else:
                self._tallies[0][names[code]] += int(counts[code])

    def _count_strings(self, array: pa.Array) -> None:
        column = columns.views(array)
        self._short.add(column)
        lengths = column.values.view(np.uint32)[:, 0]
        if lengths.size and lengths.max() > INLINE:
            long = pl.Series(array).filter(pl.Series(lengths > INLINE))  # a null may look long: drop_nulls sees to it
            counted = long.drop_nulls().value_counts(name="n")
            self._tallies[0].update(dict(counted.iter_rows()))


class _ViewTable:
    """A growing hash table from short strings to counts."""

    def __init__(self) -> None:
        self.table: NDArray[np.uint64] = np.zeros((SMALLEST_TABLE, 3), np.uint64)
        self.used: Counts = np.zeros(1, np.int64)

    def add(self, column: columns.Column) -> None:
        """Count the short strings of a column of views."""
        done = 0
        while (done := strings.count_views(column.values, column.validity, column.offset, done, self.table, self.used)) < len(
            column.values
        ):
            larger = np.zeros((4 * len(self.table), 3), np.uint64)
            strings.move_views(self.table, larger)
            self.table = larger

    def tally(self) -> dict[str, int]:
        """Return the counts by value."""
        held = np.ascontiguousarray(self.table[self.table[:, 2] > 0])
        lengths = (held[:, 0] & np.uint64(0xFFFFFFFF)).tolist()
        texts = np.ascontiguousarray(held[:, :2]).view("S1").reshape(len(held), 16)[:, 4:]
        counts = held[:, 2].tolist()
        return {bytes(text.tobytes()[:n]).decode(): count for text, n, count in zip(texts, lengths, counts, strict=True)}


SUMMARY = Frequencies

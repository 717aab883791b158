"""How many rows and nulls a column has: all that is kept of unsupported types, and of what is declared an identifier."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift.gathering import gathered
from lakedrift.longform import LongRows, LongTable
from lakedrift.soundness import require
from lakedrift.summary import Codes, Counts, Summary, add_counts, subtract_counts
from lakedrift.trace import Traces

__all__ = ["SUMMARY", "Presence"]


class Presence:
    """Counts of rows and nulls, (n_groups,) each."""

    KIND: ClassVar[str] = "presence"

    def __init__(self, rows: Counts, null: Counts) -> None:
        self.rows = rows
        self.null = null

    @classmethod
    def new(cls, n_groups: int = 1) -> Self:
        """Return the state of no rows."""
        return cls(np.zeros(n_groups, np.int64), np.zeros(n_groups, np.int64))

    @property
    def nan(self) -> Counts:
        """Always 0: values are not looked at."""
        return np.zeros_like(self.rows)

    @property
    def valid(self) -> Counts:
        """How many values are not null."""
        return self.rows - self.null

    def update(self, array: pa.Array) -> None:
        """Add a batch of the column, of any type."""
        self.rows[0] += len(array)
        self.null[0] += array.null_count

    def located(self, array: pa.Array, whole: Summary) -> NDArray[np.int64]:
        """Add a batch to the state of the whole lake; return which rows of it are null, (n_null,)."""
        whole.update(array)
        if not array.null_count:
            return np.empty(0, np.int64)
        return np.flatnonzero(array.is_null().to_numpy(zero_copy_only=False))

    def update_groups(self, located: NDArray[np.int64], codes: Codes) -> None:
        """Add a batch of the column, of any type, whose rows are in groups."""
        self.rows += codes.rows
        if len(located):
            self.null += np.bincount(codes.of_rows[located], minlength=len(self.null))

    def merge(self, other: Self) -> None:
        """Add another state."""
        add_counts(self.rows, other.rows)
        add_counts(self.null, other.null)

    def traces(self) -> Traces:
        """Return nothing: counts tell all."""
        return {}

    def subtract(self, other: Self, left: Traces) -> bool:
        """Take a state away."""
        del left
        subtract_counts(self.rows, other.rows)
        subtract_counts(self.null, other.null)
        return True

    def empty(self) -> Self:
        """Return the state of no rows."""
        return self.new(len(self.rows))

    def gathered(self, indptr: Counts, indices: Counts) -> Self:
        """Return sums of groups."""
        return type(self)(gathered(self.rows, indptr, indices), gathered(self.null, indptr, indices))

    def sums_to(self, whole: Summary) -> bool:
        """Whether these groups add up to the state of the whole lake, of whatever kind."""
        return bool(self.rows.sum() == whole.rows.sum() and self.null.sum() == whole.null.sum())

    def to_arrow(self) -> pa.Table:
        """Return the state as `lakedrift.longform` says: rows, null."""
        table = LongTable()
        table.flat("rows", self.rows)
        table.flat("null", self.null)
        return table.table()

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Return the state that `to_arrow` wrote; CorruptProfileError where it says what cannot be."""
        read = LongRows(table)
        state = cls(read.flat("rows"), read.flat("null"))
        read.finish()
        require((state.null <= state.rows).all(), "there are more nulls than rows")
        return state


SUMMARY = Presence

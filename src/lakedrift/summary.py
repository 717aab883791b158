"""What a summary is: the mergeable state of a column, or of several together, one row an array entry a group.

A summary is one file of `summaries/`. Its arrays have the groups as first axis (the whole lake is one group), and every number
in it is an integer, so that no state depends on the order in which batches were read or states merged.

`update` and `merge` change `self` only, and only whoever made a summary may call them; a summary in a finished profile is not
changed any more. `merge` is associative and commutative, `empty` is its identity, and `from_arrow(to_arrow())` is equality.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift.errors import InvariantError
from lakedrift.trace import Traces
from lakedrift_kernels import groups

__all__ = ["Codes", "Counts", "Grouped", "Joined", "StateKey", "Summary", "TwoDigits", "add_counts", "subtract_counts"]

Counts = NDArray[np.int64]
StateKey = tuple[str, tuple[str, ...]]


class Summary(Protocol):
    """Mergeable state of one kind.

    Attributes
    ----------
    KIND
        Its name in profiles.
    rows, null
        (n_groups,) how many rows were seen, and how many of them were null.
    """

    KIND: ClassVar[str]
    rows: Counts
    null: Counts

    @property
    def nan(self) -> Counts:
        """How many values were NaN, (n_groups,)."""

    @property
    def valid(self) -> Counts:
        """How many values were counted, from what was counted, (n_groups,)."""

    def update(self, array: pa.Array) -> None:
        """Add a batch of the column."""

    def merge(self, other: Self) -> None:
        """Add another summary of the same kind and grid.

        Raises
        ------
        IncompatibleProfilesError
            If the two do not have the same grid.
        """

    def traces(self) -> Traces:
        """Return what this summary, as a part of a sum, has that `subtract` wants to know: of the whole lake, one group."""

    def subtract(self, other: Self, left: Traces) -> bool:
        """Take away a summary that was added, and return whether what is left is known.

        `left` are the traces of the parts that are left. Where what is left is not known, this summary is of no use any more,
        and has to be made of those parts.

        Raises
        ------
        IncompatibleProfilesError
            If the two do not have the same grid.
        InvariantError
            If it was never added.
        """

    def empty(self) -> Self:
        """Return a summary of the same grid with no rows."""

    def to_arrow(self) -> pa.Table:
        """Return the state as a table of integers, as in `lakedrift.longform`, the same for equal states."""

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Return the state that `to_arrow` wrote.

        Raises
        ------
        CorruptProfileError
            If the table says what cannot be.
        """


class Grouped(Summary, Protocol):
    """Mergeable state of one kind by group: counts only, without moments, extremes or registers."""

    def located(self, array: pa.Array, whole: Any) -> Any:
        """Add a batch of the column to the state of the whole lake; return where its values lie, for every grouping."""

    def update_groups(self, located: Any, codes: Codes) -> None:
        """Add a batch of the column, of which every row has the code of its group."""

    def gathered(self, indptr: Counts, indices: Counts) -> Self:
        """Return the state whose group k is the sum of the groups indices[indptr[k]:indptr[k + 1]] of this one."""

    def sums_to(self, whole: Any) -> bool:
        """Whether the groups add up to the state of the whole lake, which may be finer."""


class Joined(Grouped, Protocol):
    """Mergeable state of several columns: counts of what stands in the same row, by group as of the whole lake.

    Wherever `Summary` and `Grouped` speak of a batch of the column, it is a sequence of arrays, (n,) each, in the order of the
    key. A column that a file lacks is all null there, of Arrow's null type, as long as the file has another one of them.
    """

    def by_group(self, n_groups: int) -> Self | None:
        """Return the state of no groups, on the grid that so many groups have; None where it is not kept by group."""


@dataclass(frozen=True, slots=True)
class Codes:
    """Which group each row of a batch is in, (n,) int32, and how many rows each group has there, (n_groups,)."""

    of_rows: NDArray[np.int32]
    rows: Counts

    @classmethod
    def of(cls, of_rows: NDArray[np.int32], n_groups: int) -> Self:
        """Return the codes of rows, all in [0, n_groups)."""
        rows = np.zeros(n_groups, np.int64)
        groups.count_rows(of_rows, rows)
        return cls(of_rows, rows)

    @classmethod
    def whole(cls, n: int) -> Self:
        """Return the codes of n rows of a whole lake, which is one group."""
        return cls(_zeros(n.bit_length())[:n], np.array([n]))

    def tally(self, chosen: NDArray[np.int64], kinds: NDArray[np.int32], n_kinds: int) -> Counts:
        """Return how many of the chosen rows, (n_chosen,), are of each kind, in [0, n_kinds), by group, (n_kinds, n_groups)."""
        n_groups = len(self.rows)
        places = kinds * np.int64(n_groups) + self.of_rows[chosen]
        return np.bincount(places, minlength=n_kinds * n_groups).reshape(n_kinds, n_groups)


@functools.cache
def _zeros(bits: int) -> NDArray[np.int32]:
    """Return 2**bits zeros, which nobody writes to: pages that were only read take no memory."""
    return np.zeros(1 << bits, np.int32)


class TwoDigits:
    """A large table of counts, (n_groups, n_cells), whose low 16 bits stand apart while a kernel adds to it."""

    def __init__(self, counts: Counts) -> None:
        self._high = counts
        self._low: NDArray[np.uint16] | None = None

    @property
    def counts(self) -> Counts:
        """The counts, in one place again: who changes them changes the table."""
        if self._low is not None:
            self._high += self._low
            self._low = None
        return self._high

    @property
    def digits(self) -> tuple[NDArray[np.uint16], Counts]:
        """The low digits and what they carry into, for `groups.add_many_cells`."""
        if self._low is None:
            self._low = np.zeros(self._high.shape, np.uint16)
        return self._low, self._high


def add_counts(into: Counts, other: Counts) -> None:
    """Add counts of the same shape, none of them negative, in place.

    Raises
    ------
    InvariantError
        If a count passes 2**63, beyond which it is negative.
    """
    into += other
    if into.size and into.min() < 0:
        msg = "a count passed 2**63"
        raise InvariantError(msg)


def subtract_counts(from_: Counts, other: Counts) -> None:
    """Subtract counts of the same shape in place.

    Raises
    ------
    InvariantError
        If there are more of them than there were.
    """
    if (other > from_).any():
        msg = "a part was taken away that was never added"
        raise InvariantError(msg)
    from_ -= other

"""What a summary is: the mergeable state of a column, one row an array entry a group.

A summary is one file of `summaries/`. Its arrays have the groups as first axis (for now the whole lake, one group), and every
number in it is an integer, so that no state depends on the order in which batches were read or states merged.

`update` and `merge` change `self` only, and only whoever made a summary may call them; a summary in a finished profile is not
changed any more. `merge` is associative and commutative, `empty` is its identity, and `from_arrow(to_arrow())` is equality.
"""

from __future__ import annotations

from typing import ClassVar, Protocol, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift.errors import InvariantError

__all__ = ["Counts", "Summary", "add_counts"]

Counts = NDArray[np.int64]


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

    def empty(self) -> Self:
        """Return a summary of the same grid with no rows."""

    def to_arrow(self) -> pa.Table:
        """Return the state as a table of integers, as in `lakedrift.tabulation`, the same for equal states."""

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Return the state that `to_arrow` wrote.

        Raises
        ------
        CorruptProfileError
            If the table says what cannot be.
        """


def add_counts(into: Counts, other: Counts) -> None:
    """Add counts of the same shape in place.

    Raises
    ------
    InvariantError
        If a count would pass 2**63.
    """
    before = into.copy()
    into += other
    if ((into < before) & (other > 0)).any():
        msg = "a count passed 2**63"
        raise InvariantError(msg)

"""How much each feature mattered for what a model said: exact sums of the sizes of attributions, such as SHAP values.

Sizes are counted in units, one for all columns, some 2**-45 of the largest of the fit sample; what is null, infinite or far
larger is left out. Rows without any attribution are `null`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift import columns
from lakedrift.errors import IncompatibleProfilesError
from lakedrift.gathering import gathered
from lakedrift.longform import LongRows, LongTable
from lakedrift.observed import DIGIT, Scale, carry, in_units
from lakedrift.soundness import require
from lakedrift.summary import Codes, Counts, add_counts, subtract_counts
from lakedrift.trace import Traces
from lakedrift_kernels import groups, sums

__all__ = ["SUMMARY", "Importance"]

PARTS = ("rows", "null", "counted", "counts")
MOST_COLUMNS = 1 << 14
Located = tuple[NDArray[np.int64], NDArray[np.bool_]]


class Importance:
    """Sums of sizes.

    Attributes
    ----------
    scale
        The unit, as that of errors.
    rows, null, counted
        (n_groups,) all rows, those without any attribution, and the others.
    counts
        (n_groups, n_columns) attributions that are counted.
    totals
        (n_groups, n_columns, 2) digits of the sums of their sizes; see `lakedrift_kernels.sums`.
    """

    KIND: ClassVar[str] = "importance"

    def __init__(self, scale: Scale, n_columns: int, n_groups: int = 1) -> None:
        self.scale = scale
        self.rows, self.null, self.counted = np.zeros((3, n_groups), np.int64)
        self.counts = np.zeros((n_groups, n_columns), np.int64)
        self.totals = np.zeros((n_groups, n_columns, sums.DIGITS[0]), np.int64)

    @property
    def nan(self) -> Counts:
        """Always 0: NaN is no attribution."""
        return np.zeros_like(self.rows)

    @property
    def valid(self) -> Counts:
        """How many rows have an attribution."""
        return self.counted

    def by_group(self, n_groups: int) -> Self:
        """Return the state of no groups; of however many, it is the same."""
        del n_groups
        return type(self)(self.scale, self.counts.shape[1], 0)

    def update(self, array: Sequence[pa.Array]) -> None:
        """Add a batch of attributions."""
        self.located(array, self)

    def located(self, array: Sequence[pa.Array], whole: Self) -> Located:
        """Add a batch to the state of the whole lake; return its sizes in units, (n_columns, n), and which are none."""
        pairs = [in_units(np.abs(columns.doubles(column)), self.scale.error) for column in array]
        located = np.stack([units for units, _ in pairs]), np.stack([none for _, none in pairs])
        whole.update_groups(located, Codes.whole(len(array[0])))
        return located

    def update_groups(self, located: Located, codes: Codes) -> None:
        """Add a batch whose rows are in groups."""
        units, none = located
        self.rows += codes.rows
        nothing = np.bincount(codes.of_rows[none.all(axis=0)], minlength=len(self.rows))
        self.null += nothing
        self.counted += codes.rows - nothing
        each, ignored = np.arange(len(units), dtype=np.int32), np.zeros_like(self.rows)
        for place in range(len(units)):
            at = np.where(none[place], groups.NULL, place).astype(np.int32)
            groups.add_cells(at, codes.of_rows, each, self.counts, ignored, ignored)
            sums.add_units(units[place], at, codes.of_rows, self.totals)

    def merge(self, other: Self) -> None:
        """Add another state of the same unit."""
        self._check_alike(other)
        for name in PARTS:
            add_counts(getattr(self, name), getattr(other, name))
        self.totals += other.totals
        carry(self.totals)

    def traces(self) -> Traces:
        """Return nothing: sums tell all."""
        return {}

    def subtract(self, other: Self, left: Traces) -> bool:
        """Take a state away."""
        del left
        self._check_alike(other)
        for name in PARTS:
            subtract_counts(getattr(self, name), getattr(other, name))
        self.totals -= other.totals
        carry(self.totals)
        return True

    def _check_alike(self, other: Self) -> None:
        if self.scale != other.scale or self.counts.shape[1] != other.counts.shape[1]:
            msg = "attributions in different units do not add"
            raise IncompatibleProfilesError(msg, hint="profile one side with like= the other")

    def empty(self) -> Self:
        """Return the state of no rows in the same unit."""
        return type(self)(self.scale, self.counts.shape[1], len(self.rows))

    def gathered(self, indptr: Counts, indices: Counts) -> Self:
        """Return sums of groups."""
        state = type(self)(self.scale, self.counts.shape[1], len(indptr) - 1)
        for name in (*PARTS, "totals"):
            setattr(state, name, gathered(getattr(self, name), indptr, indices))
        carry(state.totals)
        return state

    def sums_to(self, whole: Self) -> bool:
        """Whether the groups add up to the state of the whole lake."""
        total = self.gathered(np.array([0, len(self.rows)]), np.arange(len(self.rows)))
        return bool(total.to_arrow().equals(whole.to_arrow(), check_metadata=True))

    def to_arrow(self) -> pa.Table:
        """Return the state as `lakedrift.longform` says: counts and digits of sums by number of the column."""
        n, width = len(self.rows), self.counts.shape[1]
        table = LongTable(scale=self.scale.to_json(), columns=str(width))
        for name in PARTS[:-1]:
            table.flat(name, getattr(self, name))
        table.sparse("counts", self.counts)
        table.sparse("totals", self.totals.reshape(n, width * sums.DIGITS[0]))
        return table.table()

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Return the state that `to_arrow` wrote; CorruptProfileError where it says what cannot be."""
        read = LongRows(table)
        scale, width = Scale.from_json(read.grid.get("scale", "")), read.grid.get("columns", "")
        require(width.isdecimal() and len(width) < 6 and int(width) <= MOST_COLUMNS, "attributions are of no columns")
        state = cls(scale, int(width), read.n_groups)
        for name in PARTS[:-1]:
            setattr(state, name, read.flat(name))
        state.counts = read.sparse("counts", int(width))
        state.totals = read.sparse("totals", state.totals[0:1].size or 2 * int(width)).reshape(state.totals.shape)
        read.finish()
        require((state.rows == state.null + state.counted).all(), "rows are not those counted and the others")
        require((state.counts <= state.counted[:, np.newaxis]).all(), "there are more attributions than rows")
        require((state.totals[..., 1] < 1 << DIGIT).all(), "a digit of a sum is none")
        return state


SUMMARY = Importance

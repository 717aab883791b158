"""How a model errs in each bin of each column: counts of rows by bin, label and whether the prediction is right.

Rows are those with a label and a prediction: the others are `null` and `nan` as in `outcome` and `residuals`, `far` those whose
error is too large for its unit. Of numbers the error is a sum, in the same units as that of `residuals`, beside the counts by
the bin of the label. All columns are in one state, since labels and predictions are then read once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift import columns
from lakedrift.errors import IncompatibleProfilesError
from lakedrift.gathering import gathered
from lakedrift.longform import LongRows, LongTable
from lakedrift.observed import Observed, Scale, Terms, carry, in_units
from lakedrift.scratch import room
from lakedrift.slicing import Slices, read_slices, written_slices
from lakedrift.soundness import require
from lakedrift.summary import Codes, Counts, add_counts, subtract_counts
from lakedrift.trace import Traces
from lakedrift_kernels import bins, sums

__all__ = ["SUMMARY", "Joint"]

SLOTS = ("rows", "null", "nan", "far", "counted")
CELLS_OF_ALL = 1 << 22  # of all groups; with more of them it is kept of the whole lake only
RIGHT, WRONG = range(2)
FAR, NAN, NULL = range(3)  # why a row is left out
LEFT_OUT, PAIR = 3, 2
NO_UNITS: NDArray[np.int64] = np.empty(0, np.int64)
Bins = NDArray[np.uint8]


class Joint:
    """Counts and errors by bin.

    Attributes
    ----------
    reading
        How labels and predictions are read: as classes by `Terms`, or as numbers by `Scale`.
    label
        The bins of the label; classes of classification are the names of the first ones.
    slices
        The bins of each column.
    rows, null, nan, far, counted
        (n_groups,) all rows, those without a label, those with one and no prediction, those of too large errors, and the rest.
    counts
        (n_groups, n_bins, n_labels, 2) counts by bin of all columns, one after the other, bin of the label, and right or wrong;
        of numbers all are wrong.
    errors
        (n_groups, n_bins, 2) digits of the sums of absolute errors, of numbers; see `lakedrift_kernels.sums`.
    """

    KIND: ClassVar[str] = "joint"

    def __init__(self, reading: Terms | Scale, label: Slices, slices: Sequence[Slices], n_groups: int = 1) -> None:
        self.reading, self.label, self.slices = reading, label, tuple(slices)
        n_bins = sum(one.n_bins for one in slices)
        self.rows, self.null, self.nan, self.far, self.counted = np.zeros((len(SLOTS), n_groups), np.int64)
        self.counts = np.zeros((n_groups, n_bins, label.n_bins, 2), np.int64)
        self.errors = np.zeros((n_groups, n_bins if isinstance(reading, Scale) else 0, sums.DIGITS[0]), np.int64)

    @property
    def valid(self) -> Counts:
        """How many rows have both a label and a prediction."""
        held: Counts = self.counted + self.far
        return held

    @property
    def places(self) -> dict[str, slice]:
        """The bins of each column."""
        ends = np.cumsum([0, *(one.n_bins for one in self.slices)]).tolist()
        return {one.column: slice(start, end) for one, start, end in zip(self.slices, ends, ends[1:], strict=False)}

    def by_group(self, n_groups: int) -> Self | None:
        """Return the state of no groups; None where there are too many for so many bins."""
        if n_groups * self.counts[0].size > CELLS_OF_ALL:
            return None
        return type(self)(self.reading, self.label, self.slices, 0)

    def update(self, array: Sequence[pa.Array]) -> None:
        """Add a batch: the columns of the model, and those to see it by."""
        self._add(self._read(array, PAIR))

    def located(self, array: Sequence[pa.Array], whole: Self) -> _Rows:
        """Add a batch to the state of the whole lake; return it as bins and errors, until the next."""
        rows = self._read(array, len(self.slices))
        rows = replace(rows, columns=list(rows.columns))
        whole._add(rows)
        return rows

    def update_groups(self, located: _Rows, codes: Codes) -> None:
        """Add a batch whose rows are in groups."""
        n_kinds, n_places = self._n_kinds, self.counts[0].size
        left_out = np.flatnonzero(located.kinds >= n_kinds)
        self._add_slots(codes.rows, *codes.tally(left_out, located.kinds[left_out].astype(np.int32) - n_kinds, LEFT_OUT))
        places = np.multiply(codes.of_rows, np.int32(n_places), out=room("places", len(located.kinds), np.int32))
        places += located.kinds
        places[left_out] = bins.NOWHERE
        counts = self.counts.reshape(-1)
        for place, found in zip(self.places.values(), located.columns, strict=True):
            bins.add_bins(found, places, np.int32(n_kinds), counts[place.start * n_kinds :])
            self._add_errors(located, place, found, codes)

    @property
    def _n_kinds(self) -> int:
        """How many kinds of rows are counted; those that are left out are numbered from there on."""
        return 2 * self.label.n_bins

    def _read(self, array: Sequence[pa.Array], kept: int) -> _Rows:
        """Return a batch, of which so many columns last."""
        arrays, of_model = list(array), -len(self.slices)
        n = len(arrays[0])
        room_of_bins = room("bins", kept * n, np.uint8).reshape(kept, n)

        def read() -> Iterator[Bins]:
            for at, (one, column) in enumerate(zip(self.slices, arrays[of_model:], strict=True)):
                found = room_of_bins[at % kept]
                one.read(column, found)
                yield found

        return _Rows(*self._kinds(arrays[:of_model]), read())

    def _add(self, rows: _Rows) -> None:
        """Add a batch to the state of the whole lake, two columns at a time."""
        kinds, n_kinds, codes = rows.kinds, self._n_kinds, Codes.whole(len(rows.kinds))
        counts, scratch = self.counts[0].reshape(-1, n_kinds), np.empty(bins.BLOCK, np.uint16)
        left_out = np.zeros(LEFT_OUT, np.int64)
        nothing = codes.of_rows.view(np.uint8)[: len(kinds)], np.zeros((1, n_kinds), np.int64)
        columns = zip(self.places.values(), rows.columns, strict=True)
        for place, one in columns:
            of_one, (other, of_other) = counts[place], nothing
            self._add_errors(rows, place, one, codes)
            if (following := next(columns, None)) is not None:
                other, of_other = following[1], counts[following[0]]
                self._add_errors(rows, *following, codes)
            table = np.zeros((len(of_other), len(of_one), n_kinds + LEFT_OUT), np.int64)
            bins.add_pair(one, other, kinds, of_one, of_other, table, scratch)
            left_out = table[:, :, n_kinds:].sum(axis=(0, 1))  # by any column they are the same
        self._add_slots(codes.rows, *left_out)

    def _add_slots(self, rows: Counts, far: Counts | int, nan: Counts | int, null: Counts | int) -> None:
        """Add numbers of rows, (n_groups,), of which those are left out."""
        self.rows += rows
        self.null += null
        self.nan += nan
        self.far += far
        self.counted += rows - null - nan - far

    def _add_errors(self, rows: _Rows, place: slice, found: Bins, codes: Codes) -> None:
        """Add the errors of numbers by the bins of a column."""
        if isinstance(self.reading, Scale):
            cells = found + np.int32(place.start)
            cells[rows.kinds >= self._n_kinds] = bins.NOWHERE
            sums.add_units(rows.units, cells, codes.of_rows, self.errors)

    def _kinds(self, array: Sequence[pa.Array]) -> tuple[Bins, NDArray[np.int64]]:
        """Return twice the bin of the label, and one more where it is wrong, or why a row is left out; and its error, (n,)."""
        kinds: Bins = room("kinds", len(array[0]), np.uint8)
        if isinstance(self.reading, Scale):
            return kinds, self._kinds_of_numbers(array, self.reading, kinds)
        rows = Observed.of(array, self.reading)
        unsaid, unknown = np.uint8(self._n_kinds + NAN), np.uint8(self._n_kinds + NULL)
        bins.pair_up(rows.label.codes, rows.prediction.codes, self.label.bins_of(rows.label.names), unsaid, unknown, kinds)
        return kinds, NO_UNITS

    def _kinds_of_numbers(self, array: Sequence[pa.Array], scale: Scale, kinds: Bins) -> NDArray[np.int64]:
        label, prediction = map(columns.doubles, array)
        with np.errstate(over="ignore", invalid="ignore"):
            units, far = in_units(np.abs(prediction - label), scale.error)
        self.label.read(array[0], kinds)
        kinds *= 2
        kinds += WRONG
        for why, left_out in ((FAR, far), (NAN, np.isnan(prediction)), (NULL, np.isnan(label))):
            kinds[left_out] = self._n_kinds + why
        return units

    def merge(self, other: Self) -> None:
        """Add another state of the same bins."""
        self._check_alike(other)
        for name in (*SLOTS, "counts"):
            add_counts(getattr(self, name), getattr(other, name))
        self.errors += other.errors
        carry(self.errors)

    def traces(self) -> Traces:
        """Return nothing: sums tell all."""
        return {}

    def subtract(self, other: Self, left: Traces) -> bool:
        """Take a state away."""
        del left
        self._check_alike(other)
        for name in (*SLOTS, "counts"):
            subtract_counts(getattr(self, name), getattr(other, name))
        self.errors -= other.errors
        carry(self.errors)
        return True

    def _check_alike(self, other: Self) -> None:
        if (self.reading, self.label, self.slices) != (other.reading, other.label, other.slices):
            msg = "errors in different bins do not add"
            raise IncompatibleProfilesError(msg, hint="profile one side with like= the other")

    def empty(self) -> Self:
        """Return the state of no rows in the same bins."""
        return type(self)(self.reading, self.label, self.slices, len(self.rows))

    def gathered(self, indptr: Counts, indices: Counts) -> Self:
        """Return sums of groups."""
        state = type(self)(self.reading, self.label, self.slices, len(indptr) - 1)
        for name in (*SLOTS, "counts", "errors"):
            setattr(state, name, gathered(getattr(self, name), indptr, indices))
        carry(state.errors)
        return state

    def sums_to(self, whole: Self) -> bool:
        """Whether the groups add up to the state of the whole lake."""
        total = self.gathered(np.array([0, len(self.rows)]), np.arange(len(self.rows)))
        return bool(total.to_arrow().equals(whole.to_arrow(), check_metadata=True))

    def to_arrow(self) -> pa.Table:
        """Return the state as `lakedrift.longform` says: counts and sums by number, the bins in the metadata."""
        kind = "classes" if isinstance(self.reading, Terms) else "numbers"
        grid = {kind: self.reading.to_json(), "label": written_slices([self.label]), "slices": written_slices(self.slices)}
        table, n = LongTable(**grid), len(self.rows)
        for name in SLOTS:
            table.flat(name, getattr(self, name))
        table.sparse("counts", self.counts.reshape(n, self.counts[0:1].size if n else 0))
        table.sparse("errors", self.errors.reshape(n, self.errors[0:1].size if n else 0))
        return table.table()

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Return the state that `to_arrow` wrote; CorruptProfileError where it says what cannot be."""
        read = LongRows(table)
        grid = read.grid
        reading = Terms.from_json(grid["classes"]) if "classes" in grid else Scale.from_json(grid.get("numbers", ""))
        labels, slices = (read_slices(grid.get(name, "")) for name in ("label", "slices"))
        require(len(labels) == 1 and bool(slices), "there is not one label, or no column to see it by")
        state = cls(reading, labels[0], slices, read.n_groups)
        for name in SLOTS:
            setattr(state, name, read.flat(name))
        for name in ("counts", "errors"):
            shape = getattr(state, name).shape
            setattr(state, name, read.sparse(name, int(np.prod(shape[1:])), signed=name == "errors").reshape(shape))
        read.finish()
        require(
            (state.rows == state.null + state.nan + state.far + state.counted).all(), "rows are not those counted and others"
        )
        for place in state.places.values():
            held = state.counts[:, place].sum(axis=(1, 2, 3))
            require((held == state.counted).all(), "the bins of a column do not sum to the rows counted")
        return state


@dataclass(frozen=True, slots=True)
class _Rows:
    """A batch: what to count of each row, (n,) as `_kinds` says, errors in units, and the bins of the columns, (n,) each."""

    kinds: Bins
    units: NDArray[np.int64]
    columns: Iterable[Bins]


SUMMARY = Joint

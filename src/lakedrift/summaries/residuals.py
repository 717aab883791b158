"""How far off a model's numbers are: exact sums of errors, of their sizes and squares, and of labels and their squares.

Sums of products of up to four of them say how sure the root of the mean square and R² are. These are of coarser units, 2**27 of
the others, so that a square of one is counted as a number is; states that were written before there were any have none.

Rows whose label is not known are `null`, those with a label and no prediction are `nan`. The error of a row is the prediction
less the label, rounded once as any difference of doubles is, and so is the label less a centre; both are then counted in units,
some 2**-45 of the largest of the fit sample, and summed exactly. What is larger than 2**52 units is counted in `far` only.
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
from lakedrift_kernels import sums

__all__ = ["COARSE", "FOURTHS", "SUMMARY", "Residuals"]

SLOTS = ("rows", "null", "nan", "far", "counted")
ERROR, SIZE, LABEL = range(3)  # sums
ERROR_SQUARE, LABEL_SQUARE = range(2)  # sums of squares
COARSE = 27  # bits that products of four are coarser by: the square of what is left has fewer than 52
MOMENTS = {"moments": "4"}  # in the grid of a state that has these products
FOURTHS = (4, 0), (2, 1), (2, 2), (0, 3), (0, 4)  # how often errors and labels are in each of these products
Located = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


class Residuals:
    """Sums of errors.

    Attributes
    ----------
    scale
        The units, and the centre of labels.
    rows, null, nan, far, counted
        (n_groups,) all rows, those without a label, those with one and no prediction, those of too large numbers, and the rest.
    sums
        (n_groups, 3, 2) digits of the sums of errors, their sizes, and labels from the centre; see `lakedrift_kernels.sums`.
    squares
        (n_groups, 2, 3) digits of the sums of squares of errors and labels.
    fourths
        (n_groups, 5, 3) digits of the sums of e⁴, e² y, e² y², y³ and y⁴ of errors e and labels y, coarser; or None.
    """

    KIND: ClassVar[str] = "residuals"

    def __init__(self, scale: Scale, slots: Counts, totals: Counts, squares: Counts, fourths: Counts | None) -> None:
        self.scale = scale
        self.rows, self.null, self.nan, self.far, self.counted = slots
        self.sums = totals
        self.squares = squares
        self.fourths = fourths

    @classmethod
    def new(cls, scale: Scale, n_groups: int = 1, *, fourths: bool = True) -> Self:
        """Return the state of no rows."""
        of_sum, of_product = sums.DIGITS
        slots, totals, squares, products = (
            np.zeros(shape, np.int64)
            for shape in (
                (len(SLOTS), n_groups),
                (n_groups, 3, of_sum),
                (n_groups, 2, of_product),
                (n_groups, len(FOURTHS), of_product),
            )
        )
        return cls(scale, slots, totals, squares, products if fourths else None)

    @property
    def digits(self) -> list[tuple[str, Counts]]:
        """The digits of all sums that there are, by name."""
        found = [("sums", self.sums), ("squares", self.squares)]
        return found if self.fourths is None else [*found, ("fourths", self.fourths)]

    @property
    def valid(self) -> Counts:
        """How many rows have both a label and a prediction."""
        held: Counts = self.counted + self.far
        return held

    def by_group(self, n_groups: int) -> Self:
        """Return the state of no groups; of however many, it is the same."""
        del n_groups
        return self.new(self.scale, 0, fourths=self.fourths is not None)

    def update(self, array: Sequence[pa.Array]) -> None:
        """Add a batch of labels and predictions."""
        self.located(array, self)

    def located(self, array: Sequence[pa.Array], whole: Self) -> Located:
        """Add a batch to the state of the whole lake; return its errors and labels in units, and which slot each row is in."""
        label, prediction = map(columns.doubles, array)
        with np.errstate(over="ignore", invalid="ignore"):
            error, far = in_units(prediction - label, self.scale.error)
            known, beyond = in_units(label - self.scale.centre, self.scale.label)
        slot = np.where(far | beyond, SLOTS.index("far"), SLOTS.index("counted"))
        slot[np.isnan(prediction)] = SLOTS.index("nan")
        slot[np.isnan(label)] = SLOTS.index("null")
        located = error, known, slot
        whole.update_groups(located, Codes.whole(len(slot)))
        return located

    def update_groups(self, located: Located, codes: Codes) -> None:
        """Add a batch whose rows are in groups."""
        error, label, slot = located
        self.rows += codes.rows
        for at, name in enumerate(SLOTS[1:], 1):
            vars(self)[name] += np.bincount(codes.of_rows[slot == at], minlength=len(self.rows))
        places = np.where(slot == SLOTS.index("counted"), np.int32(0), np.int32(-len(FOURTHS)))  # of no sum, whichever is added
        for place, units in ((ERROR, error), (SIZE, np.abs(error)), (LABEL, label)):
            sums.add_units(units, places + np.int32(place), codes.of_rows, self.sums)
        for place, units in ((ERROR_SQUARE, error), (LABEL_SQUARE, label)):
            sums.add_products(units, units, places + np.int32(place), codes.of_rows, self.squares)
        if self.fourths is not None:
            e, y = ((units + (1 << COARSE - 1)) >> COARSE for units in (error, label))
            ee, yy = e * e, y * y
            for place, pair in enumerate(((ee, ee), (ee, y), (ee, yy), (yy, y), (yy, yy))):
                sums.add_products(*pair, places + np.int32(place), codes.of_rows, self.fourths)

    def merge(self, other: Self) -> None:
        """Add another state of the same unit."""
        self._check_alike(other)
        for name in SLOTS:
            add_counts(getattr(self, name), getattr(other, name))
        for mine, theirs in self._beside(other):
            mine += theirs
            carry(mine)

    def traces(self) -> Traces:
        """Return nothing: sums tell all."""
        return {}

    def subtract(self, other: Self, left: Traces) -> bool:
        """Take a state away."""
        del left
        self._check_alike(other)
        for name in SLOTS:
            subtract_counts(getattr(self, name), getattr(other, name))
        for mine, theirs in self._beside(other):
            mine -= theirs
            carry(mine)
        return True

    def _beside(self, other: Self) -> list[tuple[Counts, Counts]]:
        """Return the digits of both, of what both have."""
        pairs = [(self.sums, other.sums), (self.squares, other.squares)]
        if self.fourths is None or other.fourths is None:
            self.fourths = None
            return pairs
        return [*pairs, (self.fourths, other.fourths)]

    def _check_alike(self, other: Self) -> None:
        if self.scale != other.scale:
            msg = "errors in different units do not add"
            raise IncompatibleProfilesError(msg, hint="profile one side with like= the other")

    def empty(self) -> Self:
        """Return the state of no rows of the same unit."""
        return self.new(self.scale, len(self.rows), fourths=self.fourths is not None)

    def gathered(self, indptr: Counts, indices: Counts) -> Self:
        """Return sums of groups."""
        held = (self._slots.T, self.sums, self.squares, *(() if self.fourths is None else (self.fourths,)))
        slots, *digits = (gathered(counts, indptr, indices) for counts in held)
        for one in digits:
            carry(one)
        totals, squares, *fourths = digits
        return type(self)(self.scale, slots.T, totals, squares, fourths[0] if fourths else None)

    def sums_to(self, whole: Self) -> bool:
        """Whether the groups add up to the state of the whole lake."""
        total = self.gathered(np.array([0, len(self.rows)]), np.arange(len(self.rows)))
        return bool(total.to_arrow().equals(whole.to_arrow(), check_metadata=True))

    @property
    def _slots(self) -> Counts:
        return np.stack([getattr(self, name) for name in SLOTS])

    def to_arrow(self) -> pa.Table:
        """Return the state as `lakedrift.longform` says: the slots, and digits of sums by number."""
        table = LongTable(scale=self.scale.to_json(), **({} if self.fourths is None else MOMENTS))
        for name in SLOTS:
            table.flat(name, getattr(self, name))
        for name, digits in self.digits:
            table.sparse(name, digits.reshape(len(self.rows), int(np.prod(digits.shape[1:]))))
        return table.table()

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Return the state that `to_arrow` wrote; CorruptProfileError where it says what cannot be."""
        read = LongRows(table)
        moments = {name: text for name, text in read.grid.items() if name != "scale"}
        require(moments in ({}, MOMENTS), "there are sums of other moments than those of two and four")
        state = cls.new(Scale.from_json(read.grid.get("scale", "")), read.n_groups, fourths=bool(moments))
        for name in SLOTS:
            setattr(state, name, read.flat(name))
        for name, digits in state.digits:
            digits[:] = read.sparse(name, digits.shape[1] * digits.shape[2], signed=True).reshape(digits.shape)
        read.finish()
        parts = state.null + state.nan + state.far + state.counted
        require((state.rows == parts).all(), "rows are not those counted and the others")
        lower = np.concatenate([digits[..., 1:].ravel() for _, digits in state.digits])
        require(((lower >= 0) & (lower < 1 << DIGIT)).all(), "a digit of a sum is none")
        return state


SUMMARY = Residuals

"""How numeric columns vary together: exact counts, sums, and sums of products of every pair of them.

Each value is rounded once, to a whole number z of the unit of its column (`lakedrift.unit`), within 2**40 units of the centre.
From there on everything is an integer: sums are exact, for any batches, threads and BLAS (`lakedrift.products`).

A pair is counted where both columns have a value. That needs no table of its own where no value is absent: a column keeps its
sums over all its values, and for every other column those over the rows in which that one is absent, which are few.

Of more than 256 columns only a share of the rows is multiplied, so that no value costs more than it does with 256. Which rows
is told by their numbers alone: those whose hash begins with so many zeros. So it is the same rows whatever the order, and
the same on both sides of a comparison; a row that is there twice is multiplied twice, or not at all.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import ClassVar, NamedTuple, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift import columns, wide
from lakedrift.columns import ALL_VALID
from lakedrift.errors import CorruptProfileError, IncompatibleProfilesError
from lakedrift.longform import LongRows, LongTable
from lakedrift.products import MOST_ROWS, Parts, product, products, squares, sums
from lakedrift.soundness import require
from lakedrift.summary import Counts, add_counts, subtract_counts
from lakedrift.trace import Traces
from lakedrift.unit import MOST_EXPONENT, Unit
from lakedrift_kernels import units as kernels

__all__ = ["ALL_ROWS", "MOST_COLUMNS", "SUMMARY", "Comoments"]

MOST_COLUMNS = 1 << 10
ALL_ROWS = 1 << 8  # columns of which every row is multiplied
BLOCK = 1 << 20  # values of all columns that are multiplied at a time
FLAT = ("rows", "null", "left")
BY_COLUMN = ("beyond", "rounded", "counts")
SUMS = ("sums", "squares", "products")
SIGN = np.uint64(1 << 63)


class Comoments:
    """Sums over pairs of k columns, of the whole lake.

    Attributes
    ----------
    units
        The unit of each column.
    rows, null, left
        (1,) counts: all rows; those that do not count for every pair, as some column has no value or the sample left them out;
        and the latter alone.
    valid
        (1,) how many rows count for every pair.
    beyond
        (k,) values that are infinite, or too far from the centre for the unit: they count as absent.
    rounded
        (k,) values that are not a whole number of units.
    counts
        (k, 1 + k) how many values each column has; in place 1 + j only those in rows in which column j has none.
    sums
        (3, k, 1 + k) words of Σz over the same rows.
    squares
        (3, k, k) words of Σz² over the rows in which column j has none.
    products
        (3, k, k) words of Σ z_i z_j.
    """

    KIND: ClassVar[str] = "comoments"

    def __init__(self, units: Sequence[Unit], flat: Counts, by_column: Sequence[Counts], words: Sequence[Counts]) -> None:
        self.units = tuple(units)
        self.rows, self.null, self.left, self.valid = flat
        self.beyond, self.rounded, self.counts = by_column
        self.sums, self.squares, self.products = words

    @classmethod
    def new(cls, units: Sequence[Unit]) -> Self:
        """Return the state of no rows."""
        k = len(units)
        by_column = [np.zeros(shape, np.int64) for shape in ((k,), (k,), (k, 1 + k))]
        words = [np.zeros((wide.WORDS, *shape), np.int64) for shape in ((k, 1 + k), (k, k), (k, k))]
        return cls(units, np.zeros((4, 1), np.int64), by_column, words)

    @property
    def nan(self) -> Counts:
        """Always 0: a value that is no number is absent."""
        return np.zeros_like(self.rows)

    @property
    def divisor(self) -> int:
        """One row in so many is multiplied: 1 of up to 256 columns, a power of two of more."""
        return 1 << max(0, math.ceil(math.log2(len(self.units) / ALL_ROWS))) if self.units else 1

    def update(self, arrays: Sequence[pa.Array]) -> None:
        """Add a batch of the columns, of any integer, floating or decimal type, each."""
        self.rows[0] += len(arrays[0])
        if self.divisor > 1:
            kept = _sampled(arrays, self.divisor)
            for count in (self.null, self.left):
                count += len(kept) - np.count_nonzero(kept)
            arrays = [array.filter(pa.array(kept)) for array in arrays]
        read = [_Column.of(array, unit) for array, unit in zip(arrays, self.units, strict=True)]
        step = max(1, min(MOST_ROWS, BLOCK // len(read)))
        digits = np.empty((3, len(read), min(step, len(arrays[0]))))
        for start in range(0, len(arrays[0]), step):
            self._add([column.part(start, start + step) for column in read], digits)

    def _add(self, block: Sequence[_Column], digits: NDArray[np.float64]) -> None:
        """Add a block of rows; `digits`, (3, k, at least n), is scratch."""
        low, high, absent = digits[:, :, : len(block[0].values)]
        found = [column.to_units(*rows) for column, *rows in zip(block, low, high, absent, strict=True)]
        missing, beyond, far, rounded = np.array(found, np.int64).T
        self.beyond += beyond
        self.rounded += rounded
        distant, lacking = np.flatnonzero(far), np.flatnonzero(missing)
        marks = absent[lacking]
        incomplete = np.count_nonzero(marks.any(axis=0))
        self.null[0] += incomplete
        self.valid[0] += low.shape[1] - incomplete
        self.counts[:, 0] += low.shape[1] - missing
        wide.add(self.products, *products(low, high, distant))
        wide.add(self.sums[..., :1], *sums(low, high, distant, np.ones((1, low.shape[1]))))
        if len(lacking):
            self.counts[:, 1 + lacking] += missing[lacking] - product(absent, marks)
            _add_to(self.sums, 1 + lacking, sums(low, high, distant, marks))
            _add_to(self.squares, lacking, squares(low, high, distant, marks))

    def merge(self, other: Self) -> None:
        """Add another state of the same units."""
        self._check_alike(other)
        for name in (*FLAT, "valid", *BY_COLUMN):
            add_counts(getattr(self, name), getattr(other, name))
        for name in SUMS:
            words = getattr(self, name)
            words += getattr(other, name)
            wide.carry(words)

    def traces(self) -> Traces:
        """Return nothing: sums tell all."""
        return {}

    def subtract(self, other: Self, left: Traces) -> bool:
        """Take a state away: every sum is that of what is left."""
        del left
        self._check_alike(other)
        for name in (*FLAT, "valid", *BY_COLUMN):
            subtract_counts(getattr(self, name), getattr(other, name))
        for name in SUMS:
            words = getattr(self, name)
            words -= getattr(other, name)
            wide.carry(words)
        return True

    def _check_alike(self, other: Self) -> None:
        if self.units != other.units:
            msg = "sums of products in different units do not add"
            raise IncompatibleProfilesError(msg, hint="profile one side with like= the other")

    def empty(self) -> Self:
        """Return the state of no rows in the same units."""
        return self.new(self.units)

    def by_group(self, n_groups: int) -> None:
        """Return None: pairs of columns are not kept by group."""

    def to_arrow(self) -> pa.Table:
        """Return the state as `lakedrift.longform` says; products where i <= j, units in the metadata."""
        k = len(self.units)
        told = [[unit.centre.hex(), unit.scale.hex()] for unit in self.units]
        table = LongTable(units=json.dumps(told, separators=(",", ":")))
        for name in FLAT:
            table.flat(name, getattr(self, name))
        for name in BY_COLUMN:
            table.sparse(name, getattr(self, name).reshape(1, -1))
        upper = self.products[:, *np.triu_indices(k)]
        for name, words in zip(SUMS, (self.sums, self.squares, upper), strict=True):
            table.sparse(name, np.moveaxis(words, 0, -1).reshape(1, -1))
        return table.table()

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Return the state that `to_arrow` wrote; CorruptProfileError where it says what cannot be."""
        read = LongRows(table)
        require(read.n_groups == 1, "sums of products are of more than one group")
        units = _read_units(read.grid.get("units", ""))
        k = len(units)
        flat = [read.flat(name) for name in FLAT]
        shapes = ((k,), (k,), (k, 1 + k))
        by_column = [read.sparse(name, math.prod(shape)).reshape(shape) for name, shape in zip(BY_COLUMN, shapes, strict=True)]
        words = [
            np.ascontiguousarray(np.moveaxis(read.sparse(name, size * wide.WORDS, signed=True).reshape(size, -1), -1, 0))
            for name, size in zip(SUMS, (k * (1 + k), k * k, k * (k + 1) // 2), strict=True)
        ]
        read.finish()
        state = cls.new(units)
        state.rows, state.null, state.left = flat
        state.valid = state.rows - state.null
        state.beyond, state.rounded, state.counts = by_column
        state.sums, state.squares = (part.reshape(wide.WORDS, k, -1) for part in words[:2])
        rows, others = np.triu_indices(k)
        state.products[:, rows, others] = state.products[:, others, rows] = words[2]
        _check(state)
        return state


class _Column(NamedTuple):
    """Values of a column, as Arrow has them, and what the kernels are told of them."""

    values: NDArray[np.generic]
    valid: NDArray[np.uint8]  # one each; empty where all are
    unit: Unit

    @classmethod
    def of(cls, array: pa.Array, unit: Unit) -> Self:
        if pa.types.is_null(array.type):
            array = array.cast(pa.float64())
        column = columns.numbers(array)
        if not column.nulls:
            return cls(column.values, ALL_VALID, unit)
        first = column.offset & 7
        bits = np.unpackbits(column.validity[column.offset >> 3 :], count=first + len(array), bitorder="little")[first:]
        bits.flags.writeable = False
        return cls(column.values, bits, unit)

    def part(self, start: int, end: int) -> Self:
        return self._replace(values=self.values[start:end], valid=self.valid[start:end])

    def doubles(self) -> NDArray[np.float64]:
        values = self.values.astype(np.float64, copy=False)
        values.flags.writeable = False
        return values

    def to_units(
        self, low: NDArray[np.float64], high: NDArray[np.float64], absent: NDArray[np.float64]
    ) -> tuple[int, int, int, int]:
        """Write the digits; return what the kernel does."""
        dtype, centre, scale = self.values.dtype, self.unit.centre, self.unit.scale
        origin = self.unit.origin(dtype) if dtype in (np.int64, np.uint64) else None
        if origin is None:
            return kernels.to_units(self.doubles(), self.valid, centre, scale, low, high, absent)
        flip = SIGN if dtype == np.int64 else np.uint64(0)
        away = np.empty(len(self.values))
        kernels.distances(self.values.view(np.uint64), flip, np.uint64(origin % (1 << 64)) ^ flip, away)
        away.flags.writeable = False
        return kernels.to_units(away, self.valid, 0.0, scale, low, high, absent)


def _sampled(arrays: Sequence[pa.Array], divisor: int) -> NDArray[np.bool_]:
    """Return whether each row is in the sample, (n,)."""
    hashes = np.zeros(len(arrays[0]), np.uint64)
    for array in arrays:
        column = _Column.of(array, Unit(0.0, 1.0))
        kernels.mix(column.doubles(), column.valid, hashes)
    return hashes < np.uint64((1 << 64) // divisor)


def _add_to(words: Counts, places: NDArray[np.int64], parts: Parts) -> None:
    """Add to some places of sums (3, k, m)."""
    chosen = words[..., places]
    wide.add(chosen, *parts)
    words[..., places] = chosen


def _read_units(text: str) -> list[Unit]:
    """Return units from JSON; CorruptProfileError where they are none."""
    try:
        read = [(float.fromhex(centre), float.fromhex(scale)) for centre, scale in json.loads(text)]
    except (OverflowError, TypeError, ValueError, RecursionError) as error:
        msg = "the units of a state cannot be read"
        raise CorruptProfileError(msg) from error
    require(2 <= len(read) <= MOST_COLUMNS, "sums of products are of no possible number of columns")
    for centre, scale in read:
        require(math.isfinite(centre), "the centre of a unit is not finite")
        fraction, exponent = math.frexp(scale)
        require(fraction == 0.5 and abs(exponent - 1) <= MOST_EXPONENT, "a unit is no power of two")
    return [Unit(*pair) for pair in read]


def _check(state: Comoments) -> None:
    """Refuse counts that no rows can have, and words that are not as they are written."""
    multiplied = state.rows - state.left
    held, lost = state.counts[:, :1], state.counts[:, 1:]
    both = held - lost
    require((state.valid >= 0).all() and (state.left <= state.null).all(), "there are more rows that do not count than rows")
    require((held <= multiplied).all() and (both >= state.valid).all(), "a pair has other rows than the state")
    require((both == both.T).all() and not lost.diagonal().any(), "a pair does not have as many rows one way as the other")
    require((state.rounded <= held[:, 0]).all() and (state.beyond <= multiplied - held[:, 0]).all(), "a value is counted twice")
    require(all(wide.is_carried(getattr(state, name)) for name in SUMS), "a word of a sum is out of its range")


SUMMARY = Comoments

"""Linear cells: between two numbers, cells whose edges are whole multiples of powers of two, found by arithmetic alone.

A unit is 2**exponent wide and the range is a whole number of units. Units make up blocks of 2**block_shift, and block b is
divided into cells of 2**shifts[b] units: narrow ones where the mass is. The edges are multiples of powers of two as numbers,
and therefore as keys: within an octave, keys are proportional to numbers.

Exact, hence sound: x * 2**-exponent is x with another exponent, unless it overflows or is subnormal. In the range it does not
overflow, since that is within ±2**53 units. What is subnormal keeps its floor, 0 or -1, however it is rounded, unless a
negative number becomes -0.0: such a one has the unit below. So units ascend with x, and cells with units.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Linear", "Near", "Scale", "covered", "fit_linear"]

DENSE_RANGE = 1 << 14  # integers of no greater range get one cell each
DENSE_BLOCKS = 11  # 2**11 of them at most
MOST_UNITS = 1 << 30  # that kernels count in 32 bits
EXACT = 53  # bits of a double
EXPONENTS = range(-900, 900)  # of units and blocks: no inverse overflows
CELLS_A_BLOCK = 16  # on average
NEAR_BITS = 4  # of a block: parts of which a second scan knows whether to look closer
TRIM = 1 << 13  # one value of the sample in so many may lie outside the middle at either end
HEAVY, EVIDENT = 2.5, 16  # a cell is heavy with so many times its share of the sample, and at least so many values
MOST_HEAVY = 20  # one value of the sample in so many may lie in heavy cells …
HEAVIEST = 1 << 10  # … and one in so many in the heaviest
Integers = NDArray[np.int64]
Near = tuple[NDArray[np.bool_], np.int64]  # of units, by so many bits fewer
Scale = tuple[float, float, float, float, float, np.int64]  # low, high, 1 / unit, first unit, units, block shift


@dataclass(frozen=True, eq=False)
class Linear:
    """A range of numbers and its cells.

    Attributes
    ----------
    exponent
        A unit is 2**exponent.
    first
        The range begins at so many units; all of it is within ±2**53 units.
    block_shift
        A block is 2**block_shift units.
    shifts
        (n_blocks,) int64: a cell of each block is 2**shift units, no wider than the block.
    """

    exponent: int
    first: int
    block_shift: int
    shifts: Integers

    def to_numbers(self) -> list[int]:
        """Return the attributes in order, the same for equal ranges."""
        return [self.exponent, self.first, self.block_shift, *self.shifts.tolist()]

    @classmethod
    def from_numbers(cls, exponent: int, first: int, block_shift: int, *shifts: int) -> Self:
        """Return the range that `to_numbers` wrote."""
        return cls(exponent, first, block_shift, np.array(shifts, np.int64))

    @property
    def n_cells(self) -> int:
        """How many cells there are."""
        return int(self._cells.sum())

    @property
    def low(self) -> float:
        """The least number of the range."""
        return math.ldexp(self.first, self.exponent)

    @property
    def high(self) -> float:
        """The least number beyond the range."""
        return math.ldexp(self.first + (len(self.shifts) << self.block_shift), self.exponent)

    @functools.cached_property
    def edges(self) -> NDArray[np.float64]:
        """The least number of each cell, ascending, (n_cells,)."""
        unit = math.ldexp(1.0, self.exponent)  # no multiple of which is subnormal, so all are exact
        return np.multiply(self._starts + self.first, unit, dtype=np.float64)

    def cell_of(self, values: NDArray[np.float64]) -> Integers:
        """Return the cell, counted from the first, of each value in the range, (n,)."""
        (_, _, inverse, first, _, shift), table = self.table(0)
        scaled = values * inverse
        units = np.floor(scaled).astype(np.int64) - ((scaled == 0) & (values < 0)) - int(first)
        entries = table[units >> shift]
        cells: Integers = (entries >> 8) + (units >> (entries & 63))
        return cells

    def table(self, n_before: int) -> tuple[Scale, Integers]:
        """Return what kernels need (`lakedrift_kernels.linear`): the scale, and where the cells of each block are."""
        n_blocks = len(self.shifts)
        starts = n_before + np.cumsum(self._cells) - self._cells
        places = starts - (np.arange(n_blocks) << (self.block_shift - self.shifts))
        beyond = 63  # shifts every unit away: cell 0
        scale = (
            self.low,
            self.high,
            math.ldexp(1.0, -self.exponent),
            float(self.first),
            float(n_blocks << self.block_shift),
            np.int64(self.block_shift),
        )
        return scale, np.append((places << 8) | self.shifts, beyond)

    def near(self, cells: Integers) -> Near:
        """Return which units may lie in these cells, counted from the first; what lies outside may always."""
        coarse = max(0, self.block_shift - NEAR_BITS)
        ends = np.append(self._starts[1:], len(self.shifts) << self.block_shift)
        beyond = len(self.shifts) << (self.block_shift - coarse)
        reached = covered(self._starts[cells] >> coarse, (ends[cells] - 1) >> coarse, beyond + 1)
        reached[beyond] = True
        return reached, np.int64(coarse)

    @functools.cached_property
    def _starts(self) -> Integers:
        """The first unit of each cell, (n_cells,)."""
        widths = np.repeat(np.left_shift(1, self.shifts), self._cells)
        starts: Integers = np.cumsum(widths)
        starts -= widths
        return starts

    @property
    def _cells(self) -> Integers:
        """How many cells each block has, (n_blocks,)."""
        return np.left_shift(1, self.block_shift - self.shifts)


def covered(first: NDArray[np.integer[Any]], last: NDArray[np.integer[Any]], n: int) -> NDArray[np.bool_]:
    """Return which of n places lie in a range, (n,), of ranges from `first` to `last`, (m,)."""
    steps = np.zeros(n + 1, np.int32)
    np.add.at(steps, first, 1)
    np.subtract.at(steps, last + last.dtype.type(1), 1)
    np.cumsum(steps, out=steps)
    return steps[:-1] > 0


def fit_linear(values: NDArray[np.float64], cells: int, *, whole: bool) -> Linear | None:
    """Return linear cells for a sample (n,), ascending and finite; None where they would not be fine enough.

    `cells` is over how many the sample's mass is spread, and `whole` says that there are only integers.
    """
    if whole and len(values) and values[-1] - values[0] <= DENSE_RANGE:
        return _one_each(int(values[0]), int(values[-1]))
    if len(values) * CELLS_A_BLOCK < cells:
        return None
    trim = len(values) // TRIM
    found = _divided(values, float(values[trim]), float(values[-1 - trim]), cells, whole=whole)
    return found if found is not None and _is_fine(found, values, cells, whole=whole) else None


def _one_each(least: int, greatest: int) -> Linear:
    """One cell an integer, over the sample's range and half as much again on either side."""
    margin = max(16, (greatest - least) // 2)
    start, end = max(least - margin, -(1 << EXACT)), min(greatest + margin + 1, 1 << EXACT)
    shift = max(0, (end - start).bit_length() - DENSE_BLOCKS)
    first = start >> shift << shift
    n_blocks = -(-(end - first) >> shift)
    return Linear(0, first, shift, np.zeros(n_blocks, np.int64))


def _divided(values: NDArray[np.float64], low: float, high: float, cells: int, *, whole: bool) -> Linear | None:
    """Divide the middle of the sample, and half as much on either side, into blocks, and these by their mass."""
    spread = high / 2 - low / 2
    n_blocks = cells // CELLS_A_BLOCK
    exponent = math.frexp(spread)[1] + 1 - (n_blocks.bit_length() - 1)  # of a block: n_blocks / 2 to n_blocks cover the middle
    exponent = max(exponent, 0) if whole else exponent
    finest = max(math.frexp(max(abs(low), abs(high)))[1] + 2 - EXACT, 0 if whole else EXPONENTS.start)
    if spread == 0 or exponent not in EXPONENTS or finest > exponent:
        return None
    start, end = (math.floor(math.ldexp(limit, -exponent)) for limit in (low, high))
    margin = (end - start) // 2 + 1
    start, n_blocks = start - margin, end - start + 1 + 2 * margin
    edges = np.ldexp(np.arange(start, start + n_blocks + 1).astype(np.float64), exponent)
    mass = np.diff(values.searchsorted(edges))
    bits = np.ceil(np.log2(np.maximum(mass * (cells / len(values)), 1))).astype(np.int64)
    bits = np.minimum(bits, exponent - finest)
    shift = int(bits.max())
    if n_blocks << shift > MOST_UNITS:
        return None
    return Linear(exponent - shift, start << shift, shift, shift - bits)


def _is_fine(linear: Linear, values: NDArray[np.float64], cells: int, *, whole: bool) -> bool:
    """Whether hardly any mass lies together in one cell, unless that holds one integer only."""
    inside = values[slice(*values.searchsorted([linear.low, linear.high]))]
    passed = linear.cell_of(inside[:: EVIDENT // 2])
    cell = np.unique(passed[1:][passed[1:] == passed[:-1]])  # more than EVIDENT values in a row hold two of these
    low, high = linear.edges[cell], np.append(linear.edges, linear.high)[cell + 1]
    held = values.searchsorted(high) - values.searchsorted(low)
    heavy = held[(held > max(EVIDENT, HEAVY * len(values) / cells)) & ~(whole & (high - low <= 1))]
    return bool(heavy.sum() * MOST_HEAVY <= len(values) and heavy.max(initial=0) * HEAVIEST <= len(values))

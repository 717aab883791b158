"""How many different values a column has, within a percent: HyperLogLog registers over a stable 64-bit hash.

The registers are those of P. Flajolet, É. Fusy, O. Gandouet and F. Meunier, "HyperLogLog: the analysis of a near-optimal
cardinality estimation algorithm" (2007), 2**14 of them; the estimate is the improved raw estimator of O. Ertl, "New
cardinality estimation algorithms for HyperLogLog sketches" (2017, algorithm 6), which needs no table of biases and holds from
none to beyond 2**60 values with a standard error of 0.81 %. A register is a maximum over the values, so the state is a
function of the set of values: merging takes the greater of both, and no order changes a byte.

Integers are hashed as numbers, of whatever width they are stored; everything else as text. Null is not counted.
"""

from __future__ import annotations

import math
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift import columns
from lakedrift.hashing import Texts
from lakedrift.longform import LongRows, LongTable
from lakedrift.soundness import require
from lakedrift.summary import Counts, add_counts, subtract_counts
from lakedrift.trace import Trace, Traces
from lakedrift_kernels import hashing, registers

__all__ = ["STANDARD_ERROR", "SUMMARY", "Distinct"]

BLOCK = 1 << 13  # integers whose hashes stay in the cache
STANDARD_ERROR = math.sqrt((3 * math.log(2) - 1) / registers.REGISTERS)
FLAT = ("rows", "null", "valid")
RANKS, RANK_BITS = "ranks", 6  # of a trace, and how many bits of it are the rank


class Distinct:
    """A count of different values.

    Attributes
    ----------
    rows, null, valid
        (n_groups,) counts.
    registers
        (n_groups, 16384) uint8.
    """

    KIND: ClassVar[str] = "distinct"

    def __init__(self, rows: Counts, null: Counts, valid: Counts, ranks: NDArray[np.uint8]) -> None:
        self.rows = rows
        self.null = null
        self.valid = valid
        self.registers = ranks

    @classmethod
    def new(cls, n_groups: int = 1) -> Self:
        """Return the state of no rows."""
        rows, null, valid = np.zeros((3, n_groups), np.int64)
        return cls(rows, null, valid, np.zeros((n_groups, registers.REGISTERS), np.uint8))

    @property
    def nan(self) -> Counts:
        """Always 0: only integers are read as numbers."""
        return np.zeros_like(self.rows)

    @property
    def estimate(self) -> NDArray[np.float64]:
        """How many different values there are, (n_groups,), at most as many as there are values."""
        counted = [np.bincount(row, minlength=registers.HIGHEST_RANK + 1).tolist() for row in self.registers]
        return np.minimum([_estimate(held) for held in counted], self.valid)

    @property
    def share(self) -> NDArray[np.float64]:
        """The estimate over the number of values, (n_groups,); NaN where there is none."""
        none = np.full(len(self.valid), np.nan)
        share: NDArray[np.float64] = np.divide(self.estimate, self.valid, out=none, where=self.valid > 0)
        return share

    def update(self, array: pa.Array) -> None:
        """Add a batch of the column, of any type that is read."""
        self.rows[0] += len(array)
        self.null[0] += array.null_count
        if pa.types.is_integer(array.type):
            self._add_integers(columns.numbers(array))
            return
        texts = Texts.of(array)
        self.null[0] += texts.nulls
        for block in texts.blocks():
            for located in block.strings():
                hashes = located.hashes
                registers.add_hashes(hashes, len(hashes), self.registers[0])
                self.valid[0] += located.rows[:, hashing.TIMES].sum(dtype=np.int64)

    def merge(self, other: Self) -> None:
        """Add another state."""
        for name in FLAT:
            add_counts(getattr(self, name), getattr(other, name))
        np.maximum(self.registers, other.registers, out=self.registers)

    def traces(self) -> Traces:
        """Return the registers and their ranks."""
        held = np.flatnonzero(self.registers[0])
        return {RANKS: Trace.of(held << RANK_BITS | self.registers[0, held])} if len(held) else {}

    def subtract(self, other: Self, left: Traces) -> bool:
        """Take a state away: a register is the highest of those that are left."""
        for name in FLAT:
            subtract_counts(getattr(self, name), getattr(other, name))
        self.registers[:] = 0
        if RANKS in left:
            places, ranks = left[RANKS].keys >> RANK_BITS, left[RANKS].keys & ((1 << RANK_BITS) - 1)
            np.maximum.at(self.registers[0], places, ranks.astype(np.uint8))
        return True

    def empty(self) -> Self:
        """Return the state of no rows."""
        return self.new(len(self.rows))

    def to_arrow(self) -> pa.Table:
        """Return the state as `lakedrift.longform` says: rows, null, valid, registers."""
        table = LongTable()
        for name in FLAT:
            table.flat(name, getattr(self, name))
        table.sparse("registers", self.registers.astype(np.int64))
        return table.table()

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Return the state that `to_arrow` wrote; CorruptProfileError where it says what cannot be."""
        read = LongRows(table)
        rows, null, valid = (read.flat(name) for name in FLAT)
        ranks = read.sparse("registers", registers.REGISTERS)
        read.finish()
        require((rows == null + valid).all(), "rows are not null and valid ones")
        require((ranks <= registers.HIGHEST_RANK).all(), "a register is beyond the highest rank")
        require(((ranks > 0).sum(axis=1) <= valid).all(), "there are more registers than values")
        return cls(rows, null, valid, ranks.astype(np.uint8))

    def _add_integers(self, column: columns.Column) -> None:
        hashes = np.empty(BLOCK, np.uint64)
        wide = np.uint64 if column.values.dtype.kind == "u" else np.int64
        for start in range(0, len(column.values), BLOCK):
            patterns = column.values[start : start + BLOCK].astype(wide).view(np.uint64)
            found = hashing.hash_integers(patterns, column.validity, column.offset + start, hashes)
            registers.add_hashes(hashes, found, self.registers[0])
            self.valid[0] += found


def _estimate(held: list[int]) -> float:
    """Return Ertl's estimate from how many registers hold each rank, from 0 to the highest."""
    total = registers.REGISTERS
    mass = total * _tau(1 - held[-1] / total)
    for count in reversed(held[1:-1]):
        mass = (mass + count) / 2
    mass += total * _sigma(held[0] / total)
    return total**2 / (2 * math.log(2) * mass) if mass else math.inf


def _sigma(empty: float) -> float:
    """Return x + Σ x**(2**k) 2**(k - 1) over k ≥ 1: what the registers that no value fell to would hold below rank 1."""
    if empty == 1:
        return math.inf
    term, weight, total, before = empty, 1.0, empty, -1.0
    while total != before:
        term, before = term * term, total
        total += term * weight
        weight *= 2
    return total


def _tau(below: float) -> float:
    """Return (1 - x - Σ (1 - x**(2**-k))**2 2**-k) / 3 over k ≥ 1: what the full registers would hold beyond the last rank."""
    if below in (0, 1):
        return 0.0
    root, weight, total, before = below, 1.0, 1 - below, -1.0
    while total != before:
        root, before = math.sqrt(root), total
        weight /= 2
        total -= (1 - root) ** 2 * weight
    return total / 3


SUMMARY = Distinct

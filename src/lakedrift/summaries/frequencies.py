"""How often each value of a categorical or boolean column occurs: exactly by value, or, of very many, by name and bucket.

Up to 65,536 different values over the whole lake, of no more than 4 MiB together, each has a count of its own. Beyond that,
the values that were heavy in the fit sample, the *names*, keep theirs, and every other is counted in one of 65,536 buckets, the
top 16 bits of its hash. So memory is bounded, and no bucket ever depends on a dictionary code, a thread or a machine.

The state is a function of the multiset M of values and the set N of names, and of nothing else:

    F(M, N) = the counts of M                                                  if the set of values in M is small,
              the counts of M in N, and bucket sums of the hashes of the rest  otherwise.

A set is small if it has at most 65,536 values and what these are called takes at most 4 MiB of bytes: both only grow with the
set, so every part of a small set is small.

Write S(M, N) for the second line. A count is a sum over M, so S(A + B, N) = S(A, N) + S(B, N); and S(M, N ∩ K) follows from
S(M, N), since what is no longer named goes to the bucket of its hash. If the set of A is not small, neither is that of
A + B: a state that has spilled is never one that should not have. If those of A and B are, their union is known value by value,
so it is known whether it is small. Hence F(A + B, N) follows from F(A, N) and F(B, N) in all four cases, whoever spilled first,
and `merge` is associative and commutative because multiset union is. Two states of different names have the names that both
have: intersection is associative, commutative and idempotent too, so independently fitted states merge.

Of a column that is taken for an identifier no value is kept: N is empty, and every value is counted in a bucket from the first
on. That is S(M, ∅), which adds. It is *nameless*, and what it is merged with becomes so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakedrift.errors import IncompatibleProfilesError, InvariantError
from lakedrift.hashing import Texts, raw_of, strings_of
from lakedrift.longform import LongRows, LongTable
from lakedrift.soundness import check_names, require, sound_names
from lakedrift.summary import Counts, add_counts, subtract_counts
from lakedrift.tallies import BUCKETS, NameTally, TextTally, ViewTally
from lakedrift.trace import Trace, Traces

__all__ = ["SUMMARY", "Frequencies"]

MOST_VALUES = 1 << 16  # different values that are all counted by value …
MOST_BYTES = 4 << 20  # … if what they are called is not longer than this together
SPILLED, SLOTS = "spilled", "slots"  # traces
SLOT_SHIFT = np.uint64(64 - 18)  # four times as many slots as values that may be: more values than may be fill more


class Frequencies:
    """Counts by value, or by name and bucket.

    Attributes
    ----------
    names
        The values that keep a count of their own whatever happens, sorted; they are the grid of the state.
    rows, null
        (n_groups,) counts.
    values
        The values counted by themselves that occur, sorted, as text; a boolean column has `false` and `true`, and a string of
        more than 256 bytes, or that is no UTF-8, is called as in `lakedrift.hashing`.
    counts
        (n_groups, n_values) counts of `values`.
    buckets
        (n_groups, 65536) counts of all other values by the top bits of their hash; None while there are none.
    nameless
        Whether no value is ever counted by itself.
    """

    KIND: ClassVar[str] = "frequencies"

    def __init__(
        self,
        names: Sequence[str],
        rows: Counts,
        null: Counts,
        tallies: list[Counter[str]],
        buckets: Counts | None = None,
        *,
        nameless: bool = False,
    ) -> None:
        self.nameless = nameless
        self.names = tuple(names)
        self.rows = rows
        self.null = null
        self._tallies = tallies
        self._buckets = buckets
        self._tables = ViewTally(), TextTally()  # what is not yet in the tallies, while every value is counted by itself
        self._named: NameTally | None = None  # and after that

    @classmethod
    def new(cls, names: Sequence[str] = (), n_groups: int = 1) -> Self:
        """Return the state of no rows."""
        none = [Counter[str]() for _ in range(n_groups)]
        return cls(sorted(set(names)), np.zeros(n_groups, np.int64), np.zeros(n_groups, np.int64), none)

    @classmethod
    def without_names(cls, n_groups: int = 1) -> Self:
        """Return the state of no rows that never keeps a value."""
        state = cls.new((), n_groups)
        state.spill(())
        state.nameless = True
        return state

    @property
    def nan(self) -> Counts:
        """Always 0: NaN is a number."""
        return np.zeros_like(self.rows)

    @property
    def valid(self) -> Counts:
        """How many values were counted."""
        counted = np.array([tally.total() for tally in self._settled()], np.int64)
        return counted if self._buckets is None else counted + self._buckets.sum(axis=1)

    @property
    def values(self) -> tuple[str, ...]:
        """The values counted by themselves, sorted by code point; of sound text that is also the order of the UTF-8 bytes."""
        return tuple(sorted(set().union(*self._settled())))

    @property
    def counts(self) -> Counts:
        """Counts of `values`, (n_groups, n_values)."""
        return self.counts_of(self.values)

    def counts_of(self, values: Sequence[str]) -> Counts:
        """Return the counts of some values, (n_groups, n_values), 0 of those that were not counted by themselves."""
        counts = [[tally[value] for value in values] for tally in self._settled()]
        return np.array(counts, np.int64).reshape(len(self.rows), len(values))

    @property
    def buckets(self) -> Counts | None:
        """Counts of the values that share buckets, (n_groups, 65536); None where every value is counted by itself."""
        self._settled()
        return self._buckets

    def update(self, array: pa.Array) -> None:
        """Add a batch of a boolean column, or of any other as text."""
        self.rows[0] += len(array)
        self.null[0] += array.null_count
        if pa.types.is_boolean(array.type):
            self._count_booleans(array)
            return
        texts = Texts.of(array)
        self.null[0] += texts.nulls
        for block in texts.blocks():
            if self._buckets is None:
                self._count_exactly(block)
            else:
                self._share_out(block, self._buckets[0])

    def merge(self, other: Self) -> None:
        """Add another state; of different names, those that both have are left."""
        add_counts(self.rows, other.rows)
        add_counts(self.null, other.null)
        shared = set(other.names)
        names = [name for name in self.names if name in shared]
        self.nameless |= other.nameless
        if self.buckets is None and other.buckets is None:
            self.names = tuple(names)
            self._add(other)
        else:
            self.spill(names)
            self._add(other.spilled(names))

    def traces(self) -> Traces:
        """Return the tops of the hashes of the values, or that there are too many of these."""
        if self.nameless:
            return {}
        if self.buckets is not None:
            return {SPILLED: Trace.of(np.zeros(1, np.int64))}
        values = self.values
        hashes = strings_of(values, [0] * len(values)).hashes
        return {SLOTS: Trace.of(np.unique(hashes >> SLOT_SHIFT))} if values else {}

    def subtract(self, other: Self, left: Traces) -> bool:
        """Take a state away; what is left in buckets may be few enough to be counted by value.

        It is not if that of a part is not, nor if the hashes of all parts differ in more places than values may.
        """
        if (self.names, self.nameless) != (other.names, other.nameless):
            msg = "categories of different names do not subtract"
            raise IncompatibleProfilesError(msg)
        if self.buckets is not None:
            if not (self.nameless or SPILLED in left or len(left.get(SLOTS, ())) > MOST_VALUES):
                return False
            other = other.spilled(self.names)
        self._subtract(other)
        return True

    def _subtract(self, other: Self) -> None:
        """Take away a state that counts in the same way."""
        subtract_counts(self.rows, other.rows)
        subtract_counts(self.null, other.null)
        if self._buckets is not None and other._buckets is not None:
            subtract_counts(self._buckets, other._buckets)
        for mine, theirs in zip(self._tallies, other._settled(), strict=True):
            mine.subtract(theirs)
            if min(mine.values(), default=0) < 0:
                msg = "a part was taken away that was never added"
                raise InvariantError(msg)
            for value in [value for value, count in mine.items() if not count]:
                del mine[value]

    def empty(self) -> Self:
        """Return the state of no rows with the same names."""
        return self.without_names(len(self.rows)) if self.nameless else self.new(self.names, len(self.rows))

    def spilled(self, names: Sequence[str]) -> Self:
        """Return a copy that counts by these names, as `spill` does, and all other values in buckets."""
        tallies = [Counter(tally) for tally in self._settled()]
        buckets = None if self._buckets is None else self._buckets.copy()
        state = type(self)(names, self.rows.copy(), self.null.copy(), tallies, buckets, nameless=self.nameless)
        state.spill(names)
        return state

    def spill(self, names: Sequence[str]) -> None:
        """Count by these names, of which the counts must be known, and in buckets from now on."""
        named = NameTally(names)
        buckets = np.zeros((len(self.rows), BUCKETS), np.int64) if self._buckets is None else self._buckets
        for table in self._tables:
            for located in table.strings():
                named.share_out(located, buckets[0])
        self._tables = ViewTally(), TextTally()
        for row, tally in zip(buckets, self._tallies, strict=True):
            named.share_out(strings_of(list(tally), list(tally.values())), row)
            tally.clear()
            tally.update(named.drain())
        self.names, self._buckets, self._named = tuple(names), buckets, None

    def to_arrow(self) -> pa.Table:
        """Return the state as `lakedrift.longform` says: values, and buckets by number; names in the metadata."""
        tallies = self._settled()
        names = json.dumps(self.names, separators=(",", ":"))
        nameless = {"nameless": "true"} if self.nameless else {}
        table = LongTable(names=names, bucketed=json.dumps(self._buckets is not None), **nameless)
        table.flat("rows", self.rows)
        table.flat("null", self.null)
        table.texts("values", tallies)
        if self._buckets is not None:
            table.sparse("buckets", self._buckets)
        return table.table()

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Self:
        """Return the state that `to_arrow` wrote; CorruptProfileError where it says what cannot be."""
        read = LongRows(table)
        names = sound_names(read.grid.get("names", ""))
        rows, null = read.flat("rows"), read.flat("null")
        tallies = [Counter(tally) for tally in read.texts("values")]
        bucketed = read.grid.get("bucketed")
        require(bucketed in ("true", "false"), "a state of categories does not say whether it has buckets")
        buckets = read.sparse("buckets", BUCKETS) if bucketed == "true" else None
        read.finish()
        _check_values(set().union(*tallies), names if bucketed == "true" else None)
        nameless = read.grid.get("nameless")
        require(nameless is None or (nameless, bucketed, names) == ("true", "true", []), "nameless categories have names")
        state = cls(names, rows, null, tallies, buckets, nameless=nameless is not None)
        require((state.valid == rows - null).all(), "categories do not sum to the valid values")
        return state

    def _count_booleans(self, array: pa.Array) -> None:
        true = pc.sum(array).as_py() or 0
        false = len(array) - array.null_count - true
        self._tallies[0].update({value: n for value, n in (("false", false), ("true", true)) if n})

    def _count_exactly(self, texts: Texts) -> None:
        """Count a block of strings by value: the short ones in one table, the long ones in another."""
        short, long = self._tables
        if short.add(texts):
            for located in texts.long():
                long.add(located)
        if len(short) + len(long) > MOST_VALUES or long.kept_bytes > MOST_BYTES:  # what is called so may be longer
            self.spill(self.names)

    def _share_out(self, texts: Texts, buckets: Counts) -> None:
        """Count a block of strings by name and bucket."""
        if self._named is None:
            self._named = NameTally(self.names)
        for located in texts.strings():
            self._named.share_out(located, buckets)

    def _settled(self) -> list[Counter[str]]:
        """Bring what the hash tables hold to the tallies, spill these if they are too many, and return them."""
        if any(len(table) for table in self._tables):
            for table in self._tables:
                self._tallies[0].update(table.counts())
            self._tables = ViewTally(), TextTally()
        if self._named is not None:
            self._tallies[0].update(self._named.drain())
        if self._buckets is None and not _is_small(set().union(*self._tallies)):
            self.spill(self.names)
        return self._tallies

    def _add(self, other: Self) -> None:
        """Add the counts of a state that counts in the same way."""
        for mine, theirs in zip(self._tallies, other._settled(), strict=True):
            mine.update(theirs)
        if self._buckets is not None and other._buckets is not None:
            add_counts(self._buckets, other._buckets)
        self._settled()


def _check_values(values: set[str], named: Sequence[str] | None) -> None:
    """Refuse what is no value, and what should be in a bucket: what has no name or, where all are counted, is too much."""
    check_names(sorted(values))
    require(values <= set(named) if named is not None else _is_small(values), "categories should be in buckets")


def _is_small(values: set[str]) -> bool:
    return len(values) <= MOST_VALUES and len(raw_of("".join(values))) <= MOST_BYTES


SUMMARY = Frequencies

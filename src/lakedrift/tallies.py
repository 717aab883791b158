"""Hash tables of strings and how often each occurs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lakedrift.columns import ALL_VALID
from lakedrift.hashing import Strings, Texts, name_of, spelled, strings_of
from lakedrift.summary import Counts
from lakedrift_kernels import hashing, strings, tallies

__all__ = ["BUCKETS", "NameIndex", "NameTally", "TextTally", "ViewTally"]

BUCKETS = tallies.BUCKETS
SMALLEST_TABLE = 1 << 12  # sparse, so that hardly any two of a few values stand in each other's way
SMALLEST_ARENA = 1 << 15  # bytes
IN_TABLE = {
    hashing.START: tallies.PLACE,
    hashing.LENGTH: tallies.LENGTH,
    hashing.KEPT: tallies.KEPT,
    hashing.TIMES: tallies.COUNT,
    hashing.HASH: tallies.HASH,
    hashing.SECOND: tallies.SECOND,
}


class ViewTally:
    """Counts of the strings whose views hold them whole, at most 12 bytes: no hash and no buffer is looked at."""

    def __init__(self) -> None:
        self._table: NDArray[np.uint64] = np.zeros((SMALLEST_TABLE, 3), np.uint64)
        self._used: Counts = np.zeros(2, np.int64)

    def __len__(self) -> int:
        """How many different strings were counted."""
        return int(self._used[0])

    def add(self, texts: Texts) -> int:
        """Count the short strings of a column; return how many longer ones it has."""
        done, passed = 0, int(self._used[1])
        views = (texts.views, texts.validity, texts.offset, texts.times)
        while (done := strings.count_views(*views, done, self._table, self._used)) < len(texts.views):
            larger = np.zeros((4 * len(self._table), 3), np.uint64)
            strings.move_views(self._table, larger)
            self._table = larger
        return int(self._used[1]) - passed

    def strings(self) -> Iterator[Strings]:
        """Yield what was counted, with its hashes."""
        held = self._table[self._table[:, 2] > 0]
        views = np.frombuffer(held[:, :2].tobytes(), np.uint64).reshape(-1, 2)
        return Texts(views, ALL_VALID, 0, [], held[:, 2].astype(np.int64), 0).strings()

    def counts(self) -> dict[str, int]:
        """Return the counts by value."""
        held = np.ascontiguousarray(self._table[self._table[:, 2] > 0])
        lengths = (held[:, 0] & np.uint64(0xFFFFFFFF)).tolist()
        texts = np.ascontiguousarray(held[:, :2]).view("S1").reshape(len(held), 16)[:, 4:]
        counts = held[:, 2].tolist()
        return {name_of(text.tobytes()[:n]): count for text, n, count in zip(texts, lengths, counts, strict=True)}


class TextTally:
    """Counts of strings of any length, by their bytes, or by beginning, length and hashes where they are not kept whole."""

    def __init__(self) -> None:
        self._table: NDArray[np.uint64] = np.zeros((SMALLEST_TABLE, tallies.TABLE_WIDTH), np.uint64)
        self._arena: NDArray[np.uint8] = np.empty(SMALLEST_ARENA, np.uint8)
        self._used: Counts = np.zeros(2, np.int64)

    def __len__(self) -> int:
        """How many different strings were counted."""
        return int(self._used[0])

    @property
    def kept_bytes(self) -> int:
        """How many bytes of them are kept."""
        return int(self._used[1])

    def add(self, located: Strings) -> None:
        """Count strings."""
        done = 0
        while True:
            done = tallies.count_strings(located.data, located.rows, done, self._table, self._arena, self._used)
            if done == len(located.rows):
                return
            self._grow()

    def strings(self) -> Iterator[Strings]:
        """Yield what was counted, with its hashes."""
        held = self._table[self._table[:, tallies.COUNT] > 0]
        rows = np.empty((len(held), hashing.STRING_WIDTH), np.uint64)
        for there, here in IN_TABLE.items():
            rows[:, there] = held[:, here]
        rows[:, hashing.KEPT] -= np.uint64(1)
        yield Strings(np.frombuffer(self._arena[: self._used[1]].tobytes(), np.uint8), rows)

    def counts(self) -> dict[str, int]:
        """Return the counts by value or name."""
        held = self._table[self._table[:, tallies.COUNT] > 0]
        columns = (tallies.PLACE, tallies.KEPT, tallies.LENGTH, tallies.HASH, tallies.SECOND, tallies.COUNT)
        raw = self._arena[: self._used[1]].tobytes()
        return {
            spelled(raw[place : place + kept - 1], length, first, second): count
            for place, kept, length, first, second, count in held[:, columns].tolist()
        }

    def _grow(self) -> None:
        if 2 * self._used[0] >= len(self._table):
            larger = np.zeros((4 * len(self._table), tallies.TABLE_WIDTH), np.uint64)
            tallies.move_strings(self._table, larger)
            self._table = larger
        else:
            self._arena = np.concatenate([self._arena, np.empty(3 * len(self._arena), np.uint8)])


class NameIndex(TextTally):
    """Which of some names a string is, or which of 2**bits buckets it is in."""

    def __init__(self, names: Sequence[str], bits: int) -> None:
        super().__init__()
        self._names, self._shift = len(names), np.uint64(64 - bits)
        self.add(strings_of(names, range(1, len(names) + 1)))  # in place of counts: where each stands among the names

    def locate(self, located: Strings) -> NDArray[np.int32]:
        """Return the place of each string among the names, or theirs plus its bucket, (n,)."""
        cells = np.empty(len(located.rows), np.int32)
        tallies.locate_named(located.data, located.rows, self._table, self._arena, self._names, self._shift, cells)
        return cells


class NameTally(TextTally):
    """Counts of named strings, while all others go to buckets."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.add(strings_of(names, [0] * len(names)))

    def share_out(self, located: Strings, buckets: Counts) -> None:
        """Count the named ones, and add the others to the buckets, (65536,), of their hashes."""
        tallies.count_named(located.data, located.rows, self._table, self._arena, buckets)

    def drain(self) -> dict[str, int]:
        """Return the counts of the named strings that occurred, and begin anew."""
        counts = self.counts()
        self._table[:, tallies.COUNT] = 0
        return counts

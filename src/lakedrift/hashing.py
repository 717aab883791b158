"""Strings of a column by where they lie and what they hash to: what the summaries share that count high cardinalities.

A string of at most 256 bytes is known by its bytes. A longer one is never kept whole: it is known by the whole characters
within its first 256 bytes, its length and two 64-bit hashes, and written `beginning… (8,000,000 bytes, 32 hexadecimal digits)`.
Such a name is itself longer than 256 bytes, so no shorter string is ever mistaken for it. Two strings of one name are two of
one length that begin alike and agree in 128 bits of hash: that does not happen by chance, though it could be built on purpose.

Readers do not promise that text is UTF-8. A byte that is none of it is named by a lone surrogate, U+DC80 to U+DCFF, as in PEP
383: no UTF-8 has those, so that names and bytes determine each other and sound text is called what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift import columns
from lakedrift.errors import InvariantError
from lakedrift.summary import Counts
from lakedrift_kernels import hashing, strings

__all__ = ["Strings", "Texts", "name_of", "raw_of", "spelled", "strings_of"]

BLOCK = 1 << 15  # strings that are looked at before somebody asks whether there are too many
PART = 1 << 13  # strings whose places stay in the cache
MOST_KEPT = 256  # bytes
SEEN = 1 << 10  # views that are recognised when they come again
ONCE: Counts = np.empty(0, np.int64)
LONG_NAME = re.compile(r"(.*)… \(([\d,]+) bytes, ([0-9a-f]{16})([0-9a-f]{16})\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Strings:
    """Strings within one buffer, (n_bytes,) uint8, one row each, (n, 6) as in `lakedrift_kernels.hashing`."""

    data: NDArray[np.uint8]
    rows: NDArray[np.uint64]

    @property
    def hashes(self) -> NDArray[np.uint64]:
        """The hash of each string, (n,)."""
        return np.ascontiguousarray(self.rows[:, hashing.HASH])


@dataclass(frozen=True, slots=True)
class Texts:
    """The strings of a column.

    Attributes
    ----------
    views, validity, offset
        (n, 2) words, and which of them are valid, as in `columns.Column`.
    buffers
        What the views of long strings point into.
    times
        (n,) how often each occurs; empty where each is one row.
    nulls
        How many rows are null because their dictionary says so.
    """

    views: NDArray[np.uint64]
    validity: NDArray[np.uint8]
    offset: int
    buffers: list[NDArray[np.uint8]]
    times: Counts
    nulls: int

    @classmethod
    def of(cls, array: pa.Array) -> Self:
        """Return the strings of a column of any type, or the distinct ones where it is a dictionary of strings.

        Raises
        ------
        InvariantError
            If a dictionary code points outside its dictionary.
        """
        array = columns.labels(array)
        if not pa.types.is_dictionary(array.type):
            column = columns.views(array)
            return cls(column.values, column.validity, column.offset, columns.buffers(array), ONCE, 0)
        codes, words = columns.numbers(array.indices), columns.labels(array.dictionary)
        times = np.zeros(len(words), np.int64)
        if strings.count_codes(codes.values, codes.validity, codes.offset, times):
            msg = "a dictionary code points outside its dictionary"
            raise InvariantError(msg)
        valid = words.is_valid().to_numpy(zero_copy_only=False)  # a null may also hide in the dictionary
        held = np.frombuffer(np.packbits(valid & (times > 0), bitorder="little").tobytes(), np.uint8)
        return cls(columns.views(words).values, held, 0, columns.buffers(words), times, int(times[~valid].sum()))

    def blocks(self, size: int = BLOCK) -> Iterator[Texts]:
        """Yield the strings, so many at a time."""
        for start in range(0, len(self.views), size):
            views, times = self.views[start : start + size], self.times[start : start + size]
            yield Texts(views, self.validity, self.offset + start, self.buffers, times, 0)

    def strings(self) -> Iterator[Strings]:
        """Yield all valid strings, with their hashes.

        Raises
        ------
        InvariantError
            If a view points outside its buffers.
        """
        for part in self.blocks(PART):
            yield _short(part)
            yield from _long(part)

    def long(self) -> Iterator[Strings]:
        """Yield the valid strings of more than 12 bytes, with their hashes; raises as `strings` does."""
        for part in self.blocks(PART):
            yield from _long(part)


def name_of(raw: bytes) -> str:
    """Return bytes as text: UTF-8, and a lone surrogate for every byte that is not."""
    return raw.decode("utf-8", "surrogateescape")


def raw_of(name: str) -> bytes:
    """Return the bytes that `name_of` named."""
    return name.encode("utf-8", "surrogateescape")


def spelled(kept: bytes, length: int, first: int, second: int) -> str:
    """Return a string by what is kept of it: itself, or the name of a longer one."""
    text = name_of(kept)
    return text if length == len(kept) else f"{text}… ({length:,} bytes, {first:016x}{second:016x})"


def strings_of(texts: Sequence[str], times: Sequence[int]) -> Strings:
    """Return what `spelled` wrote, and how often each occurs, as strings with their hashes."""
    raw = [raw_of(text) for text in texts]
    long = {row: _parsed(texts[row]) for row, encoded in enumerate(raw) if len(encoded) > MOST_KEPT}
    for row, (kept, *_) in long.items():
        raw[row] = kept
    lengths = np.array([len(encoded) for encoded in raw], np.uint64)
    rows = _places(len(raw))
    rows[:, hashing.START] = np.cumsum(lengths) - lengths
    rows[:, hashing.LENGTH] = rows[:, hashing.KEPT] = lengths
    rows[:, hashing.TIMES] = times
    located = _hashed(Strings(np.frombuffer(b"".join(raw), np.uint8), rows))
    for row, (_, length, first, second) in long.items():
        rows[row, [hashing.LENGTH, hashing.HASH, hashing.SECOND]] = length, first, second
    return located


def _short(texts: Texts) -> Strings:
    """Return the valid strings of at most 12 bytes, with their hashes: they lie in the views themselves."""
    rows = _places(len(texts.views))
    found = strings.locate_short(texts.views, texts.validity, texts.offset, texts.times, rows)
    return _hashed(Strings(texts.views.view(np.uint8).reshape(-1), rows[:found]))


def _long(texts: Texts) -> Iterator[Strings]:
    """Yield the valid strings of more than 12 bytes, with their hashes, buffer by buffer."""
    views = texts.views, texts.validity, texts.offset
    counts, seen = np.empty(len(texts.buffers), np.int64), np.empty((SEEN, 3), np.uint64)
    if strings.count_long(*views, seen, counts):
        raise _outside()
    ends = np.cumsum(counts) - counts
    rows = _places(int(counts.sum()))
    strings.locate_long(*views, texts.times, seen, ends, rows)
    for number in np.flatnonzero(counts).tolist():
        located = Strings(texts.buffers[number], rows[ends[number] - counts[number] : ends[number]])
        if strings.keep_whole_characters(located.data, located.rows, np.uint64(MOST_KEPT)):
            raise _outside()
        yield _hashed(located)


def _outside() -> InvariantError:
    return InvariantError("a string points outside its buffers")


def _parsed(name: str) -> tuple[bytes, int, int, int]:
    found = LONG_NAME.fullmatch(name)
    if found is None:
        msg = "a string of more than 256 bytes was kept whole"
        raise InvariantError(msg)
    text, length, first, second = found.groups()
    return raw_of(text), int(length.replace(",", "")), int(first, 16), int(second, 16)


def _places(n: int) -> NDArray[np.uint64]:
    return np.empty((n, hashing.STRING_WIDTH), np.uint64)


def _hashed(located: Strings) -> Strings:
    hashing.hash_strings(located.data, located.rows)
    return located

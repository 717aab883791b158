"""What the column chunks and pages of a Parquet file are like, from its footer and the headers of its pages.

A page is the least that any reader decompresses at a time, and how long values are decides how many rows can be laid out
together: the footer says neither. Both are Thrift structs in the compact protocol:
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift

Arrow reads footers too; but asked for a column chunk it ends the process where the statistics of one are damaged.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["Chunk", "Pages", "chunks", "chunks_of", "head", "longest_values", "look"]

FOOTER_END = 8  # bytes after the footer: its length and a word
SCHEMA, GROUPS, COLUMNS, DESCRIPTION = 2, 4, 1, 3  # fields of a footer, of a row group, of a column chunk
PATH, CHUNK_ENCODED, CHUNK_STORED, FIRST_DATA, FIRST_DICTIONARY = 3, 6, 7, 9, 11  # of its description

HEADER_BYTES = 1 << 10  # read at a time; a header with long statistics takes more
LARGEST_HEADER = 1 << 26
ENCODED, STORED, DATA, DICTIONARY, DATA_2 = 2, 3, 5, 7, 8  # fields of a page header
VALUES, ENCODING, ENCODING_2 = 1, 2, 4  # fields of the header of a page of each kind
CODES = (2, 8)  # encodings that point into the dictionary
TRUE, FALSE, BYTE, DOUBLE, BINARY, LIST, SET, STRUCT = 1, 2, 3, 7, 8, 9, 10, 12  # types
INTEGERS = (4, 5, 6)
SIZES = {TRUE: 1, FALSE: 1, BYTE: 1, DOUBLE: 8}


@dataclass(frozen=True, slots=True)
class Chunk:
    """A column chunk.

    Attributes
    ----------
    name
        Of the column; a nested one has dots between its parts.
    encoded, stored
        Bytes before and after compression.
    start
        The byte of the file at which it begins.
    """

    name: str
    encoded: int
    stored: int
    start: int


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a column chunk.

    Attributes
    ----------
    largest
        The bytes of the largest one, before compression.
    value_bytes
        What a value takes in the page, or the dictionary, where values take most.
    only_codes
        Whether every page of data points into the dictionary.
    """

    largest: int
    value_bytes: int
    only_codes: bool


def chunks(file: BinaryIO) -> list[list[Chunk]]:
    """Read the footer of a file: its column chunks, by row group.

    Raises
    ------
    OSError, ValueError
        If it is no footer.
    """
    end = file.seek(-FOOTER_END, os.SEEK_END)
    length = int.from_bytes(file.read(4), "little")
    file.seek(end - length)
    try:
        footer = _Thrift(file.read(length)).struct()
        return [[_chunk(column[DESCRIPTION]) for column in group[COLUMNS]] for group in footer.get(GROUPS, [])]
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        msg = "there is no footer"
        raise ValueError(msg) from error


def head(footer: bytes) -> bytes:
    """Return the beginning of a footer, to the end of its schema; nothing where the schema is not at the beginning.

    A struct is read from the left and every value says where it ends, so footers that begin alike have the same schema.
    """
    thrift = _Thrift(footer)
    try:
        last = next((field for field, _ in thrift.fields() if field >= SCHEMA), None)
    except (IndexError, RecursionError, ValueError):
        return b""
    return footer[: thrift.at] if last == SCHEMA else b""


def chunks_of(path: str) -> list[list[Chunk]]:
    """Return the column chunks of a file by row group; those of the last file are remembered until it changes."""
    return _chunks_then(path, Path(path).stat().st_mtime_ns)


@functools.lru_cache(maxsize=1)
def _chunks_then(path: str, changed: int) -> list[list[Chunk]]:
    del changed
    with open(path, "rb") as file:  # noqa: PTH123 -- a name, not a path
        return chunks(file)


def longest_values(path: str, names: Collection[str]) -> dict[str, int]:
    """Return about how many bytes the longest values of each column take: the mean of the page where they take most.

    Raises
    ------
    OSError, ValueError
        If the file cannot be read.
    """
    found = dict.fromkeys(names, 0)
    with open(path, "rb") as file:  # noqa: PTH123 -- a name, not a path
        for chunk in chain.from_iterable(chunks_of(path)):
            if chunk.name in found:
                found[chunk.name] = max(found[chunk.name], look(file, chunk).value_bytes)
    return found


def look(file: BinaryIO, chunk: Chunk) -> Pages:
    """Read the page headers of a column chunk.

    Raises
    ------
    OSError, ValueError
        If there is something else than pages.
    """
    start, end = chunk.start, chunk.start + chunk.stored
    largest, widest, only_codes = 0, 0, True
    while start < end:
        header, size = _header(file, start)
        encoded, stored = _number(header, ENCODED), _number(header, STORED)
        if min(encoded, stored) < 0:
            msg = f"there is no page at byte {start}"
            raise ValueError(msg)
        largest = max(largest, encoded)
        values, holds_codes = _content(header)
        if not holds_codes:
            widest = max(widest, -(-encoded // max(1, values)))
        only_codes &= holds_codes or DICTIONARY in header
        start += size + stored
    return Pages(largest, widest, only_codes)


def _chunk(fields: dict[int, Any]) -> Chunk:
    encoded, stored, data = (_number(fields, field) for field in (CHUNK_ENCODED, CHUNK_STORED, FIRST_DATA))
    if min(encoded, stored, data) < 0:
        msg = "a column chunk has no place"
        raise ValueError(msg)
    starts = [offset for offset in (_number(fields, FIRST_DICTIONARY), data) if offset > 0]
    return Chunk(b".".join(fields[PATH]).decode(), encoded, stored, min(starts, default=0))


def _content(header: dict[int, Any]) -> tuple[int, bool]:
    """Return how many values a page has, and whether they are codes."""
    for kind, encoding in ((DATA, ENCODING), (DATA_2, ENCODING_2), (DICTIONARY, None)):
        found = header.get(kind)
        if isinstance(found, dict):
            return _number(found, VALUES), encoding is not None and _number(found, encoding) in CODES
    return 0, False


def _number(fields: dict[int, Any], field: int) -> int:
    """Return a field that should be an integer, -1 where it is none."""
    value = fields.get(field)
    return value if isinstance(value, int) else -1


def _header(file: BinaryIO, start: int) -> tuple[dict[int, Any], int]:
    """Return a page header by field, and how many bytes it takes."""
    size = HEADER_BYTES
    while size <= LARGEST_HEADER:
        file.seek(start)
        thrift = _Thrift(file.read(size))
        try:
            return thrift.struct(), thrift.at
        except IndexError:  # it goes on
            size *= 16
        except RecursionError:
            break
    msg = f"there is no page at byte {start}"
    raise ValueError(msg)


class _Thrift:
    """A reader of the compact protocol, structs as dicts by field; IndexError where the bytes end."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.at = 0

    def struct(self) -> dict[int, Any]:
        return dict(self.fields())

    def fields(self) -> Iterator[tuple[int, Any]]:
        field = 0
        while byte := self._byte():
            field = field + (byte >> 4) if byte >> 4 else self._integer()
            kind = byte & 0xF
            yield field, kind == TRUE if kind in (TRUE, FALSE) else self._value(kind)

    def _value(self, kind: int) -> Any:
        if kind in INTEGERS:
            return self._integer()
        if kind == BINARY:
            return self._bytes(self._varint())
        if kind == STRUCT:
            return self.struct()
        if kind in (LIST, SET):
            return self._list()
        return self._bytes(self._fixed(kind))

    def _list(self) -> list[Any]:
        byte = self._byte()
        size = self._varint() if byte >> 4 == 0xF else byte >> 4
        return [self._value(byte & 0xF) for _ in range(size)]

    def _fixed(self, kind: int) -> int:
        """Return how many bytes a value of a fixed size takes; a truth value does so in lists only."""
        if kind not in SIZES:
            msg = f"no Thrift type {kind}"
            raise ValueError(msg)
        return SIZES[kind]

    def _bytes(self, size: int) -> bytes:
        self.at += size
        if self.at > len(self._raw):
            raise IndexError
        return self._raw[self.at - size : self.at]

    def _integer(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)

    def _varint(self) -> int:
        number = 0
        for shift in range(0, 64, 7):
            byte = self._byte()
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
        msg = "an integer of more than 64 bits"
        raise ValueError(msg)

    def _byte(self) -> int:
        self.at += 1
        return self._raw[self.at - 1]

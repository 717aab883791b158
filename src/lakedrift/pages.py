"""What the pages of a Parquet column chunk are like, from their headers alone.

A page is the least that any reader decompresses at a time, and how long values are decides how many rows can be laid out
together: the footer says neither. The headers are Thrift structs in the compact protocol:
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

__all__ = ["Pages", "look"]

HEADER_BYTES = 1 << 10  # read at a time; a header with long statistics takes more
LARGEST_HEADER = 1 << 26
ENCODED, STORED, DATA, DICTIONARY, DATA_2 = 2, 3, 5, 7, 8  # fields of a page header
VALUES, ENCODING, ENCODING_2 = 1, 2, 4  # fields of the header of a page of each kind
CODES = (2, 8)  # encodings that point into the dictionary
STOP, TRUE, FALSE, BYTE, DOUBLE, BINARY, LIST, SET, STRUCT = 0, 1, 2, 3, 7, 8, 9, 10, 12
INTEGERS = (4, 5, 6)


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


def look(file: BinaryIO, start: int, length: int) -> Pages:
    """Read the page headers of a column chunk.

    Parameters
    ----------
    file
        The Parquet file.
    start, length
        Where the chunk is, in bytes.

    Raises
    ------
    ValueError
        If there is something else than pages.
    """
    end, largest, widest, only_codes = start + length, 0, 0, True
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
    """A reader of the compact protocol that keeps integers and structs of them; IndexError where the bytes end."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.at = 0

    def struct(self) -> dict[int, Any]:
        fields: dict[int, Any] = {}
        field = 0
        while (byte := self._byte()) != STOP:
            field = field + (byte >> 4) if byte >> 4 else self._integer()
            fields[field] = self._value(byte & 0xF)
        return fields

    def _value(self, kind: int) -> int | dict[int, Any] | None:
        """Return an integer or a struct; pass over any other value."""
        if kind in INTEGERS:
            return self._integer()
        if kind == STRUCT:
            return self.struct()
        if kind in (LIST, SET):
            self._pass_over_list()
        elif kind not in (TRUE, FALSE):
            self._pass_over(kind)
        return None

    def _pass_over_list(self) -> None:
        byte = self._byte()
        for _ in range(self._varint() if byte >> 4 == 0xF else byte >> 4):
            self._value(byte & 0xF)

    def _pass_over(self, kind: int) -> None:
        sizes = {BYTE: 1, DOUBLE: 8}
        if kind != BINARY and kind not in sizes:
            msg = f"no Thrift type {kind}"
            raise ValueError(msg)
        size = self._varint() if kind == BINARY else sizes[kind]
        self.at += size

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

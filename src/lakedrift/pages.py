"""How large the pages of a Parquet file are, from their headers alone.

A page is the least that any reader decompresses at a time, and the footer does not say how large the largest is. The headers
are Thrift structs in the compact protocol: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

from typing import BinaryIO

__all__ = ["largest_page"]

HEADER_BYTES = 1 << 10  # read at a time; a header with long statistics takes more
LARGEST_HEADER = 1 << 26
UNCOMPRESSED_SIZE, COMPRESSED_SIZE = 2, 3  # fields of a page header
STOP, TRUE, FALSE, BYTE, DOUBLE, BINARY, LIST, SET, STRUCT = 0, 1, 2, 3, 7, 8, 9, 10, 12
INTEGERS = (4, 5, 6)


def largest_page(file: BinaryIO, start: int, length: int) -> int:
    """Return the uncompressed bytes of the largest page of a column chunk.

    Parameters
    ----------
    file
        The Parquet file.
    start, length
        Where the pages of the chunk are, in bytes.

    Raises
    ------
    ValueError
        If there is something else than pages.
    """
    end, largest = start + length, 0
    while start < end:
        fields, size = _header(file, start)
        if min(fields.get(UNCOMPRESSED_SIZE, -1), fields.get(COMPRESSED_SIZE, -1)) < 0:
            msg = f"there is no page at byte {start}"
            raise ValueError(msg)
        largest = max(largest, fields[UNCOMPRESSED_SIZE])
        start += size + fields[COMPRESSED_SIZE]
    return largest


def _header(file: BinaryIO, start: int) -> tuple[dict[int, int], int]:
    """Return the integers of a page header by field, and how many bytes it takes."""
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
    """A reader of the compact protocol that keeps integers and passes over the rest; IndexError where the bytes end."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.at = 0

    def struct(self) -> dict[int, int]:
        fields: dict[int, int] = {}
        field = 0
        while (byte := self._byte()) != STOP:
            field = field + (byte >> 4) if byte >> 4 else self._integer()
            fields[field] = self._value(byte & 0xF)
        return fields

    def _value(self, kind: int) -> int:
        """Pass over a value; return it if it is an integer, else 0."""
        if kind in INTEGERS:
            return self._integer()
        if kind == STRUCT:
            self.struct()
        elif kind in (LIST, SET):
            self._pass_over_list()
        elif kind not in (TRUE, FALSE):
            self._pass_over(kind)
        return 0

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

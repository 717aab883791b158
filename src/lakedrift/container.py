"""The file of a profile: one Parquet table that any reader of Parquet can query, under a checksum that covers every byte.

The last entry of the footer's metadata has the key `lakedrift-profile-1`, 1 being the version of the format, and as value
`sha256:` and 64 hexadecimal digits: those of the whole file, with zeros in place of the digits.

A file is looked at from outside in: its size, its first and last four bytes, the version, the checksum, how many rows and bytes
its pages say they hold, the columns, and only then the rows. Whoever writes a file can also compute its checksum, so no length
in it is believed before it is found to be in proportion to the file.
"""

from __future__ import annotations

import hashlib
import io
import re
from itertools import chain

import pyarrow as pa
import pyarrow.parquet as pq

from lakedrift import pages
from lakedrift.errors import CorruptProfileError, ProfileVersionError, reason
from lakedrift.soundness import require

__all__ = ["SCHEMA", "TAIL", "VERSION", "is_marked", "read", "write"]

VERSION = 1
MAGIC = b"PAR1"
KEY = "lakedrift-profile-"
DIGITS = 64
MARK = re.compile(KEY.encode() + rb"(\d{1,9})..?.?.?sha256:([0-9a-f]{64})", re.DOTALL)  # between them is Thrift
NO_DIGITS = b"0" * DIGITS
TAIL = 1 << 12  # bytes at the end that hold the mark
LEAST_ROWS, ROWS_A_BYTE = 1 << 22, 16  # that a file may have
LEAST_BYTES, BYTES_A_BYTE = 1 << 26, 64  # that its pages may decompress to
ROWS_OF_GROUP = 1 << 20

SCHEMA = pa.schema(
    {
        "kind": pa.string(),
        "feature": pa.string(),
        "segment": pa.string(),
        "window": pa.timestamp("us", "UTC"),
        "field": pa.string(),
        "place": pa.int64(),
        "value": pa.string(),
        "raw": pa.binary(),
        "low": pa.float64(),
        "count": pa.int64(),
        "state": pa.int32(),
        "group": pa.int32(),
    }
)
WORDS = ("kind", "feature", "segment", "window", "field", "state")
DELTAS = ("place", "count", "group")
ENCODINGS = dict.fromkeys(DELTAS, "DELTA_BINARY_PACKED") | {"low": "BYTE_STREAM_SPLIT"}


def write(table: pa.Table) -> bytes:
    """Return a table of these columns as the bytes of a file, the same for equal tables."""
    rows, sink = table.select(SCHEMA.names).combine_chunks(), io.BytesIO()
    with pq.ParquetWriter(
        sink,
        rows.schema,
        compression="zstd",
        use_dictionary=list(WORDS),
        column_encoding=ENCODINGS,
        write_statistics=False,
        store_schema=False,
    ) as writer:
        writer.write_table(rows, ROWS_OF_GROUP)
        writer.add_key_value_metadata({f"{KEY}{VERSION}": f"sha256:{NO_DIGITS.decode()}"})
    data = bytearray(sink.getbuffer())
    at = data.rindex(b"sha256:" + NO_DIGITS) + len(b"sha256:")
    data[at : at + DIGITS] = hashlib.sha256(data).hexdigest().encode()
    return bytes(data)


def read(data: bytes) -> pa.Table:
    """Return the table that `write` was given; text in few values comes as a dictionary.

    Raises
    ------
    CorruptProfileError
        If the bytes are not those that were written, or no such file.
    ProfileVersionError
        If they are of a later version.
    """
    _check_bytes(data)
    _check_sizes(data)
    try:
        with pa.BufferReader(data) as source:
            file = pq.ParquetFile(source, read_dictionary=["kind", "feature", "segment", "field"])
            table = file.read(use_threads=False)
            table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        msg = f"its table cannot be read: {reason(error)}"
        raise CorruptProfileError(msg) from error
    return table


def is_marked(tail: bytes) -> bool:
    """Return whether the last bytes of a file, `TAIL` of them, are those of a profile, sound or not."""
    return MARK.search(tail) is not None


def _check_bytes(data: bytes) -> None:
    """Refuse bytes that are not as they were written."""
    require(len(data) > 2 * len(MAGIC) and data[:4] == MAGIC == data[-4:], "it is no profile, or cut off")
    marks = list(MARK.finditer(data[-TAIL:]))
    require(marks, "it is no profile, or damaged: it has no checksum")
    version, digits = int(marks[-1][1]), marks[-1][2].decode()
    at = max(len(data) - TAIL, 0) + marks[-1].start(2)
    checked = hashlib.sha256()
    for part in (memoryview(data)[:at], NO_DIGITS, memoryview(data)[at + DIGITS :]):
        checked.update(part)
    require(checked.hexdigest() == digits, "it is damaged: its checksum is another one")
    if version != VERSION:
        msg = f"it is of version {version} of the format, and this lakedrift reads version {VERSION}"
        raise ProfileVersionError(msg, hint="install a later lakedrift")


def _check_sizes(data: bytes) -> None:
    """Refuse a file that says it holds far more than its bytes can tell: readers allocate what pages say they hold."""
    most = max(LEAST_BYTES, BYTES_A_BYTE * len(data))
    with io.BytesIO(data) as file:
        try:
            found = list(chain.from_iterable(pages.chunks(file)))
            encoded = sum(chunk.encoded for chunk in found)
            largest = max((pages.look(file, chunk).largest for chunk in found), default=0)
            footer = pq.read_metadata(pa.BufferReader(data))
            columns = footer.schema.to_arrow_schema()
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            msg = f"its pages cannot be read: {reason(error)}"
            raise CorruptProfileError(msg) from error
    require(max(encoded, largest) <= most, "its pages say that they hold more than they can")
    most_rows = max(LEAST_ROWS, ROWS_A_BYTE * len(data))
    require(0 <= footer.num_rows <= most_rows, "it says that it has more rows than it can")
    told = [(field.name, field.type) for field in columns]
    require(told == [(field.name, field.type) for field in SCHEMA], "its columns are not those of a profile")

"""Reading with Arrow page by page: the memory it takes does not grow with the size of a row group.

Strings come as dictionaries, so that many copies of a long one are never laid out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from lakedrift.columns import natural_kind
from lakedrift.pages import largest_page
from lakedrift.scanner import WAITING, check_types
from lakedrift.source import Fragment, Scan

__all__ = ["SCANNER", "Arrow", "first_rows", "largest_pages", "narrowed", "value_bytes"]

BATCH_ROWS = 1 << 16
VIEW_BYTES = 16
SMALL_CHUNK = 1 << 20  # bytes
BUFFER_BYTES = 1 << 18  # read ahead in each column


class Arrow:
    """Reads any scan of files.

    Parameters
    ----------
    threads
        With more than one, columns are decoded side by side.
    memory
        Bytes that pages and batches may take, those that wait to be counted included.
    """

    def __init__(self, threads: int, memory: int) -> None:
        self._threads = threads
        self._memory = memory

    def reads(self, scan: Scan) -> bool:
        """Whether it reads this scan: columns, of files."""
        return scan.frame is None and bool(scan.columns)

    def _batch_bytes(self, scan: Scan) -> int:
        """Return what a batch may take: there is one that is decoded, one combined, and columns of others are waiting."""
        waiting = WAITING * self._threads / len(scan.columns)
        return int(self._memory / 2 / (waiting + 3))

    def batches(self, scan: Scan) -> Iterator[pa.RecordBatch]:
        """Yield the rows, file by file."""
        names = list(scan.columns)
        for fragment in scan.fragments:
            with _opened(fragment, scan) as file:
                rows = _batch_rows(file.metadata, scan, self._batch_bytes(scan))
                for batch in file.iter_batches(rows, columns=names, use_threads=self._threads > 1):
                    yield batch.select(names)  # `x` alone would bring `x.y` with it, and the order is the file's


def first_rows(scan: Scan, group: int, rows: int, memory: int) -> list[pa.RecordBatch]:
    """Return the first rows of a row group of the scan's one file, decoding no more than these."""
    parts: list[pa.RecordBatch] = []
    names = list(scan.columns)
    with _opened(scan.fragments[0], scan) as file:
        size = min(rows, _batch_rows(file.metadata, scan, memory))
        for batch in file.iter_batches(size, row_groups=[group], columns=names, use_threads=False):
            parts.append(batch.slice(0, rows).select(names))
            rows -= parts[-1].num_rows
            if not rows:
                break
    return parts


@contextlib.contextmanager
def _opened(fragment: Fragment, scan: Scan) -> Iterator[pq.ParquetFile]:
    types = {name: fragment.schema.field(name).type for name in scan.columns}
    texts = [name for name, dtype in types.items() if natural_kind(dtype) == "categorical"]
    with pq.ParquetFile(fragment.uri, read_dictionary=texts, pre_buffer=False, buffer_size=BUFFER_BYTES) as file:
        check_types(scan, file.schema_arrow)
        yield file


def largest_pages(fragment: Fragment, names: Collection[str]) -> dict[str, int]:
    """Return the bytes of the largest page of each column; where a chunk is small its pages are not looked at.

    Raises
    ------
    OSError, ValueError
        If the file cannot be read.
    """
    found = dict.fromkeys(names, 0)
    footer = pq.read_metadata(fragment.uri)
    with open(fragment.uri, "rb") as file:  # noqa: PTH123 -- a name, not a path
        for chunk in _chunks(footer):
            name = chunk.path_in_schema
            if name in found and chunk.total_uncompressed_size > found[name]:
                found[name] = max(found[name], _largest_page(file, chunk))
    return found


def narrowed(fragment: Fragment, names: Collection[str]) -> Fragment:
    """Return a fragment with the bytes of some columns only; as it is, where its footer cannot be read."""
    if len(names) >= len(fragment.schema):
        return fragment
    try:
        footer = pq.read_metadata(fragment.uri)
    except (OSError, pa.ArrowException):  # reading it will say what is wrong with it
        return fragment
    groups = (footer.row_group(number) for number in range(footer.num_row_groups))
    chunks = (
        [chunk for chunk in map(group.column, range(group.num_columns)) if chunk.path_in_schema in names] for group in groups
    )
    sizes = [
        (sum(one.total_uncompressed_size for one in some), sum(one.total_compressed_size for one in some)) for some in chunks
    ]
    return replace(fragment, group_bytes=tuple(size for size, _ in sizes), bytes=sum(stored for _, stored in sizes))


def value_bytes(dtype: pa.DataType) -> int:
    """Return what a value takes in a batch; of text, its view or its place in a dictionary."""
    try:
        return max(1, int(dtype.bit_width) // 8)
    except ValueError:  # text, binary and nested values have none
        return VIEW_BYTES


def _largest_page(file: BinaryIO, chunk: pq.ColumnChunkMetaData) -> int:
    if chunk.total_uncompressed_size <= SMALL_CHUNK:
        return int(chunk.total_uncompressed_size)
    start = min(offset for offset in (chunk.dictionary_page_offset, chunk.data_page_offset) if offset)
    return largest_page(file, start, chunk.total_compressed_size)


def _chunks(footer: pq.FileMetaData) -> Iterator[pq.ColumnChunkMetaData]:
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        yield from map(group.column, range(group.num_columns))


def _batch_rows(footer: pq.FileMetaData, scan: Scan, memory: int) -> int:
    """Return how many rows fit into a batch, by the widest rows of a row group."""
    widths = dict.fromkeys(scan.columns, 1)
    for chunk in _chunks(footer):
        name = chunk.path_in_schema
        if name in widths:
            widths[name] = max(widths[name], -(-chunk.total_uncompressed_size // max(1, chunk.num_values)))
    schema = scan.fragments[0].schema
    width = sum(stored + value_bytes(schema.field(name).type) for name, stored in widths.items())
    return max(1, min(BATCH_ROWS, memory // width))


SCANNER = Arrow

"""Reading with Arrow page by page: the memory it takes does not grow with the size of a row group.

Strings come as dictionaries, so that many copies of a long one are never laid out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from lakedrift.columns import natural_kind
from lakedrift.scanner import check_types
from lakedrift.source import Fragment, Scan

__all__ = ["SCANNER", "Arrow", "first_rows"]

BATCH_ROWS = 1 << 16
VALUE_BYTES = 16  # of the widest type of a fixed width, and of what a string takes beside its text
BUFFER_BYTES = 1 << 18  # read ahead in each column


class Arrow:
    """Reads any scan of files.

    Parameters
    ----------
    threads
        With more than one, columns are decoded side by side.
    memory
        Bytes that a batch may take.
    """

    def __init__(self, threads: int, memory: int) -> None:
        self._threads = threads
        self._memory = memory

    def reads(self, scan: Scan) -> bool:
        """Whether it reads this scan: columns, of files."""
        return scan.frame is None and bool(scan.columns)

    def batches(self, scan: Scan) -> Iterator[pa.RecordBatch]:
        """Yield the rows, file by file."""
        names = list(scan.columns)
        for fragment in scan.fragments:
            with _opened(fragment, scan) as file:
                rows = _batch_rows(file, scan, self._memory)
                for batch in file.iter_batches(rows, columns=names, use_threads=self._threads > 1):
                    yield batch.select(names)  # `x` alone would bring `x.y` with it, and the order is the file's


def first_rows(scan: Scan, group: int, rows: int, memory: int) -> list[pa.RecordBatch]:
    """Return the first rows of a row group of the scan's one file, decoding no more than these."""
    parts: list[pa.RecordBatch] = []
    names = list(scan.columns)
    with _opened(scan.fragments[0], scan) as file:
        size = min(rows, _batch_rows(file, scan, memory))
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


def _batch_rows(file: pq.ParquetFile, scan: Scan, memory: int) -> int:
    """Return how many rows fit, by the widest row group."""
    return max(1, min(BATCH_ROWS, memory // max(1, _row_bytes(file.metadata, scan))))


def _row_bytes(footer: pq.FileMetaData, scan: Scan) -> int:
    """Return what a row takes in the widest row group: values of a fixed width, and text as it is stored if not in a dictionary."""
    widths = [0]
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        widths.append(VALUE_BYTES * len(scan.columns) + group.total_byte_size // max(1, group.num_rows))
    return max(widths)


SCANNER = Arrow

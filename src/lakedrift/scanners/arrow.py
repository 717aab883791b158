"""Reading with Arrow page by page: the memory it takes does not grow with the size of a row group.

Strings come as dictionaries, so that many copies of a long one are never laid out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import chain, groupby
from operator import itemgetter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lakedrift.columns import natural_kind
from lakedrift.pages import chunks_of, look
from lakedrift.scanner import WAITING, check_types
from lakedrift.source import Fragment, Sample, Scan

__all__ = ["SCANNER", "Arrow", "largest_pages", "narrowed", "sampled", "value_bytes"]

BATCH_ROWS = 1 << 16
VIEW_BYTES = 16
SMALL_CHUNK = 1 << 20  # bytes
BUFFER_BYTES = 1 << 18  # read ahead in each column
GOLDEN = (5**0.5 - 1) / 2


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
        return int(self._memory / 4 / (waiting + 3))

    def batches(self, scan: Scan) -> Iterator[pa.RecordBatch]:
        """Yield the rows, file by file."""
        for fragment in scan.fragments:
            footer, room = _footer(fragment, scan), self._batch_bytes(scan)
            layouts = (_layout(fragment, group, scan, room) for group in range(footer.num_row_groups))
            for layout, groups in groupby(enumerate(layouts), key=itemgetter(1)):
                numbers = [number for number, _ in groups]
                with _opened(fragment, footer, layout) as file:
                    yield from _decoded(file, numbers, layout, scan.columns, use_threads=self._threads > 1)


def sampled(sample: Sample, memory: int, pool: Executor) -> Callable[[], pa.RecordBatch]:
    """Begin to read a sample, whatever the memory, and return what waits for its rows.

    The row group is decoded up to the last of them, its columns shared out among two threads. In each one column after the
    other is, so that its pages take the place of those before: to be given new memory costs as much.
    """
    names = sample.scan.columns
    (fragment,) = sample.scan.fragments
    footer = _footer(fragment, sample.scan)
    places = _places(sample.rows, sample.among)
    layout = _layout(fragment, sample.group, sample.scan, memory)
    layout = replace(layout, rows=min(layout.rows, sample.among))

    def picked(share: Sequence[str]) -> list[pa.Array]:
        with _opened(fragment, footer, layout) as file:
            return [_picked(_decoded(file, [sample.group], layout, [name], use_threads=False), places) for name in share]

    shares = [share for share in (names[::2], names[1::2]) if share]
    tasks = [pool.submit(picked, share) for share in shares]

    def rows() -> pa.RecordBatch:
        found = {
            name: array
            for share, task in zip(shares, tasks, strict=True)
            for name, array in zip(share, task.result(), strict=True)
        }
        return pa.record_batch([found[name] for name in names], names=list(names))

    return rows


def _picked(batches: Iterator[pa.RecordBatch], places: NDArray[np.int64]) -> pa.Array:
    """Return the values of a column that stand in these places, ascending."""
    parts: list[pa.Array] = []
    start = 0
    for batch in batches:
        first, end = places.searchsorted([start, start + batch.num_rows])
        parts.append(batch.column(0).take(_indices(places[first:end] - start)))
        start += batch.num_rows
        if end == len(places):
            break
    return pa.concat_arrays(parts)


def _places(rows: int, among: int) -> NDArray[np.int64]:
    """Return where the rows of a sample are, one in each of `rows` equal parts of the beginning, in step with no period."""
    edges = np.arange(rows + 1) * among // rows
    within = np.arange(rows) * GOLDEN % 1.0 * np.diff(edges)
    return edges[:-1] + within.astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a row group is decoded: so many rows at a time, and these columns as dictionaries.

    Only a column that is all codes comes as a dictionary: values outside it would be added to one that grows batch by batch.
    """

    rows: int
    dictionaries: tuple[str, ...]


def _footer(fragment: Fragment, scan: Scan) -> pq.FileMetaData:
    footer = pq.read_metadata(fragment.uri)
    check_types(scan, footer.schema.to_arrow_schema())
    return footer


def _layout(fragment: Fragment, group: int, scan: Scan, memory: int) -> _Layout:
    types = {name: fragment.schema.field(name).type for name in scan.columns}
    texts = {name for name, dtype in types.items() if natural_kind(dtype) == "categorical"}
    width, dictionaries = sum(map(value_bytes, types.values())), []
    with open(fragment.uri, "rb") as file:  # noqa: PTH123 -- a name, not a path
        for chunk in chunks_of(fragment.uri)[group] if texts else ():
            if chunk.name in texts:
                pages = look(file, chunk)
                width += 0 if pages.only_codes else pages.value_bytes
                dictionaries += [chunk.name] if pages.only_codes else []
    rows = max(1, min(BATCH_ROWS, memory // max(1, width)))
    return _Layout(1 << (rows.bit_length() - 1), tuple(dictionaries))


def _opened(fragment: Fragment, footer: pq.FileMetaData, layout: _Layout) -> pq.ParquetFile:
    options = {"read_dictionary": list(layout.dictionaries), "pre_buffer": False, "buffer_size": BUFFER_BYTES}
    return pq.ParquetFile(fragment.uri, metadata=footer, **options)


def _decoded(
    file: pq.ParquetFile, groups: list[int], layout: _Layout, names: Sequence[str], *, use_threads: bool
) -> Iterator[pa.RecordBatch]:
    for batch in file.iter_batches(layout.rows, row_groups=groups, columns=list(names), use_threads=use_threads):
        yield _checked(batch.select(list(names)))  # `x` alone would bring `x.y` with it, and the order is the file's


def _checked(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Assert that codes are in their dictionaries and text is UTF-8, which Arrow takes from a damaged file as it is."""
    for column in batch.columns:
        if natural_kind(column.type) == "categorical":
            column.validate(full=True)
    return batch


def largest_pages(fragment: Fragment, names: Collection[str]) -> dict[str, int]:
    """Return the bytes of the largest page of each column; where a chunk is small its pages are not looked at.

    Raises
    ------
    OSError, ValueError
        If the file cannot be read.
    """
    found = dict.fromkeys(names, 0)
    with open(fragment.uri, "rb") as file:  # noqa: PTH123 -- a name, not a path
        for chunk in chain.from_iterable(chunks_of(fragment.uri)):
            if chunk.encoded > found.get(chunk.name, chunk.encoded):
                largest = chunk.encoded if chunk.encoded <= SMALL_CHUNK else look(file, chunk).largest
                found[chunk.name] = max(found[chunk.name], largest)
    return found


def narrowed(fragment: Fragment, names: Collection[str]) -> Fragment:
    """Return a fragment with the bytes of some columns only; as it is, where its footer cannot be read."""
    if len(names) >= len(fragment.schema):
        return fragment
    try:
        groups = chunks_of(fragment.uri)
    except (OSError, ValueError):  # reading it will say what is wrong with it
        return fragment
    return replace(
        fragment, group_bytes=tuple(sum(chunk.encoded for chunk in group if chunk.name in names) for group in groups)
    )


def value_bytes(dtype: pa.DataType) -> int:
    """Return what a value takes in a batch; of text, its view or its place in a dictionary."""
    try:
        return max(1, int(dtype.bit_width) // 8)
    except ValueError:  # text, binary and nested values have none
        return VIEW_BYTES


SCANNER = Arrow


def _indices(places: NDArray[np.int64]) -> pa.Array:
    """Return places as they are: `pa.array` would look whether they are of pandas, and for that import it."""
    return pa.Array.from_buffers(pa.int64(), len(places), [None, pa.py_buffer(places)])

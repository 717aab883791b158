"""Reading a scan, by whichever scanner: partition values, the filter, the count of rows, and whose fault it is.

Readers report a damaged file without naming it, Polars sometimes as a panic that is no `Exception`; here it becomes a typed
error that names the file.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lakedrift.columns import natural_kind
from lakedrift.errors import LakedriftError, ResourceError, SourceError, UnreadableFileError, reason
from lakedrift.filtering import NEWEST, Filter
from lakedrift.scanner import Scanner
from lakedrift.scanners import arrow, open_scanner
from lakedrift.scanners.polars import is_known
from lakedrift.source import Fragment, Sample, Scan
from lakedrift.text import plural, size

__all__ = ["Reader"]

GROUPS_AT_A_TIME = 3 + pl.thread_pool_size()  # that Polars has in memory, by measurement
QUEUED_GROUPS, FEW_ROWS = 12 + GROUPS_AT_A_TIME, 1 << 10  # row groups of few rows stand in a queue
SAMPLING_THREADS = 2
PAGES_AT_A_TIME = 3  # of a column: its dictionary, and a page before and after decompression
SMALL_BATCH, FULL_BATCH = 1 << 14, 1 << 18  # rows
SMALL_BYTES, FULL_BYTES = 1 << 22, 1 << 26
FULL_SHARE = 16  # of what reading may take, one in so many parts at most
OWNER = "owner"
DAMAGED = "the file is damaged, or changed while it was read"
SECONDS_A_DAY = 86_400
UNITS_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class Reader:
    """Reads scans in batches.

    Parameters
    ----------
    engine
        The scanner of that name reads what it can; Polars reads the rest.
    threads
        How many threads a scanner may have, where it can be told.
    memory
        Bytes that reading may take.

    Raises
    ------
    UnknownNameError, UsageError
        If there is no such engine, or it is not installed.
    """

    def __init__(self, engine: str = "polars", threads: int = 2, memory: int = 1 << 30) -> None:
        self._memory = memory
        self._chosen, self._polars, self._arrow = (open_scanner(name, threads, memory) for name in (engine, "polars", "arrow"))

    def check(self, scans: Sequence[Scan]) -> None:
        """Assert that whatever a reader has to hold at a time fits.

        Raises
        ------
        ResourceError
            Naming the file and the column whose pages are too large.
        """
        for scan in scans:
            for fragment in self._giants(scan):
                self._check_pages(fragment, scan)

    def needs(self, scans: Sequence[Scan]) -> int:
        """Return about how many bytes reading will take at its peak."""
        needed = (_needed(fragment, _width(scan)) for scan in scans for fragment in scan.fragments)
        return min(self._memory, max(needed, default=0))

    def batches(self, scan: Scan, keep: Filter | None) -> Iterator[tuple[pa.Table, int]]:
        """Yield batches of the scan's columns in any order, and with each how many rows the filter kept back.

        A batch that small ones were put together to is in as many chunks: see `columns.whole`.

        Raises
        ------
        UnreadableFileError
            Naming the file that cannot be read.
        UsageError
            If the filter cannot be run.
        """
        finish = _Finish(scan, keep)
        for _, _, pieces in self._delivered(scan):
            yield finish.together(pieces)

    def owned(self, scan: Scan, keep: Filter | None) -> Iterator[tuple[pa.Table, int, NDArray[np.int32]]]:
        """Yield batches, and which fragment of the scan each row is of, (n,), ascending; otherwise as `batches` does."""
        finish = _Finish(scan, keep)
        places = {fragment.uri: place for place, fragment in enumerate(scan.fragments)}
        for part, start, pieces in self._delivered(replace(scan, ordered=True)):
            batch = pa.concat_batches(pieces)
            ends = np.cumsum([fragment.rows or 0 for fragment in part.fragments])[:-1]
            within = np.searchsorted(ends, np.arange(start, start + batch.num_rows), side="right")
            owners = np.array([places[fragment.uri] for fragment in part.fragments], np.int32)[within]
            found, kept_back = finish(batch, owners)
            columns = found.select(range(found.num_columns - 1))
            yield pa.Table.from_batches([columns]), kept_back, found.columns[-1].to_numpy()

    def _delivered(self, scan: Scan) -> Iterator[tuple[Scan, int, list[pa.RecordBatch]]]:
        """Yield what one scanner reads of a scan, how many rows of that came before, and batches that belong together."""
        for scanner, part in self._parts(scan):
            delivered = 0
            for pieces in _combined(self._read(scanner, part), min(FULL_BYTES, self._memory // FULL_SHARE)):
                yield part, delivered, pieces
                delivered += sum(piece.num_rows for piece in pieces)
            if part.rows not in (None, delivered):
                raise _explained(_miscounted(part, delivered), scanner, part)

    def sampled(self, samples: Sequence[Sample], keep: Filter | None) -> list[pa.RecordBatch]:
        """Return sampled rows, filtered; the same ones whatever the engine. What does not fit is an error as in `check`."""
        self.check([sample.scan for sample in samples])
        order = sorted(range(len(samples)), key=lambda place: -samples[place].among)  # what takes long is begun first
        with ThreadPoolExecutor(SAMPLING_THREADS) as pool:
            begun = {place: self._begun(samples[place], pool) for place in order}
            finish = [_Finish(sample.scan, keep) for sample in samples]
            return [finish[place](batch)[0] for place in range(len(samples)) for batch in begun[place]()]

    def _begun(self, sample: Sample, pool: Executor) -> Callable[[], list[pa.RecordBatch]]:
        """Begin to read a sample, and return what waits for its rows."""
        scan = sample.scan
        if scan.frame is not None:
            return lambda: list(self._read(self._polars, scan))
        if not scan.columns:
            return lambda: [pa.record_batch([pa.nulls(sample.rows)], names=[""])]
        with self._explaining(scan):
            rows = arrow.sampled(sample, self._memory, pool)

        def read() -> list[pa.RecordBatch]:
            with self._explaining(scan):
                return [rows()]

        return read

    @contextmanager
    def _explaining(self, scan: Scan) -> Iterator[None]:
        try:
            yield
        except (KeyboardInterrupt, SystemExit, MemoryError, LakedriftError):
            raise
        except Exception as error:
            raise _explained(reason(error), self._arrow, scan) from error

    def _parts(self, scan: Scan) -> Iterator[tuple[Scanner, Scan]]:
        """Yield what each scanner reads: row groups that do not fit go page by page, whatever the engine."""
        giants = self._giants(scan)
        names = {fragment.uri for fragment in giants}
        others = tuple(fragment for fragment in scan.fragments if fragment.uri not in names)
        if others:
            part = replace(scan, fragments=others)
            able = (scanner for scanner in (self._chosen, self._polars, self._arrow) if scanner.reads(part))
            yield next(able, self._polars), part
        if giants:
            yield self._arrow, replace(scan, fragments=giants)

    def _giants(self, scan: Scan) -> tuple[Fragment, ...]:
        """Return the files with a row group that does not fit."""
        width = _width(scan)
        large = [one for one in scan.fragments if _needed(one, width) > self._memory and self._arrow.reads(scan)]
        return tuple(one for one in large if _needed(arrow.narrowed(one, scan.columns), width) > self._memory)

    def _check_pages(self, fragment: Fragment, scan: Scan) -> None:
        try:
            pages = arrow.largest_pages(fragment, scan.columns)
        except (OSError, ValueError):  # reading it will say what is wrong with it
            return
        held = PAGES_AT_A_TIME * sum(pages.values())
        if held > self._memory // 2:
            name = max(pages, key=pages.__getitem__)
            largest, columns, room = size(pages[name]), plural(len(pages), "column"), size(self._memory // 2)
            msg = (
                f"column {name!r} of {fragment.uri!r} has a page of {largest}, "
                f"and the pages of {columns} take {size(held)} where there is room for {room}"
            )
            raise ResourceError(msg, hint="give more --memory, or leave columns out with --exclude")

    @staticmethod
    def _read(scanner: Scanner, scan: Scan) -> Iterator[pa.RecordBatch]:
        try:
            yield from scanner.batches(scan)
        except (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError, LakedriftError):
            raise
        except BaseException as error:  # a Polars panic is no Exception
            raise _explained(reason(error), scanner, scan) from error


def _width(scan: Scan) -> int:
    """Return what a row of the scan takes beside its texts."""
    schema = scan.fragments[0].schema
    return sum(arrow.value_bytes(schema.field(name).type) for name in scan.columns)


def _needed(fragment: Fragment, width: int) -> int:
    """Return what Polars needs for a file: several of its row groups, decoded, as encoded, and as stored."""
    groups = zip(fragment.row_groups, fragment.group_bytes, strict=False)
    at_a_time = ((QUEUED_GROUPS if rows <= FEW_ROWS else GROUPS_AT_A_TIME, rows * width + 2 * held) for rows, held in groups)
    return max((count * size for count, size in at_a_time), default=0)


def _combined(batches: Iterator[pa.RecordBatch], full_bytes: int) -> Iterator[list[pa.RecordBatch]]:
    """Put small batches together: what is done once a batch and column costs more than a copy of a few rows."""
    held: list[pa.RecordBatch] = []
    rows = held_bytes = 0
    for batch in batches:
        if batch.num_rows > SMALL_BATCH or (batch_bytes := batch.get_total_buffer_size()) > SMALL_BYTES:
            yield [batch]
            continue
        full = rows >= FULL_BATCH or held_bytes >= full_bytes
        if held and (full or batch.schema != held[0].schema):  # text comes as text, or as codes
            yield held
            held, rows, held_bytes = [], 0, 0
        held.append(batch)
        rows += batch.num_rows
        held_bytes += batch_bytes
    if held:
        yield held


class _Finish:
    """Gives batches their literals and the types that every reader delivers, and filters them; a filter is checked first."""

    def __init__(self, scan: Scan, keep: Filter | None) -> None:
        self._scan = scan
        self._keep = keep
        self._schema = _schema(scan)
        self._plain: pa.Schema | None = None  # of batches that need nothing
        if keep is not None:
            keep.check(self._schema)

    def __call__(self, batch: pa.RecordBatch, owners: NDArray[np.int32] | None = None) -> tuple[pa.RecordBatch, int]:
        """Return the finished batch, with the owners of its rows as one more column, and how many rows were kept back."""
        if not len(self._schema):
            return batch.select([]), 0
        whole = batch if self._plain is not None and batch.schema.equals(self._plain) else self._whole(batch)
        if owners is not None:
            name = max(self._schema.names, key=len) + OWNER  # longer than any, so that no column has it
            whole = pa.record_batch([*whole.columns, pa.array(owners)], names=[*self._schema.names, name])
        if self._keep is None:
            return whole, 0
        kept = self._keep.kept(whole)
        return kept, whole.num_rows - kept.num_rows

    def together(self, pieces: Sequence[pa.RecordBatch]) -> tuple[pa.Table, int]:
        """Return batches as one, finished, and how many rows were kept back; a filter looks at all of them at once."""
        joined = pieces if self._keep is None else [pa.concat_batches(pieces)]
        finished = [self(piece) for piece in joined]
        return pa.Table.from_batches([batch for batch, _ in finished]), sum(kept_back for _, kept_back in finished)

    def _whole(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        scan, found = self._scan, batch.columns
        columns = [
            _delivered(column, field.type) for column, field in zip(found[: len(scan.columns)], self._schema, strict=False)
        ]
        if not scan.literals and all(column is given for column, given in zip(columns, found, strict=True)):
            self._plain = batch.schema
        columns += [_repeated(value, dtype, batch.num_rows) for _, value, dtype in scan.literals]
        return pa.record_batch(columns, names=self._schema.names)


def _schema(scan: Scan) -> pa.Schema:
    """Return the names and types that batches of a scan have."""
    declared = scan.fragments[0].schema
    types = [(name, _delivered_type(declared.field(name).type)) for name in scan.columns]
    return pa.schema(types + [(name, _delivered_type(dtype)) for name, _, dtype in scan.literals])


@functools.cache
def _delivered_type(dtype: pa.DataType) -> pa.DataType:
    """Return the one type that values of a type are delivered in, that of Polars; text is in any encoding."""
    if natural_kind(dtype) in ("categorical", "unsupported"):
        return dtype
    if pa.types.is_timestamp(dtype):  # Polars knows no seconds, and not every time zone, and runs the filters
        return pa.timestamp("ms" if dtype.unit == "s" else dtype.unit, (dtype.tz or None) if is_known(dtype) else "UTC")
    return pl.Series([], dtype=pl.Series(pa.nulls(0, dtype)).dtype).to_arrow(compat_level=NEWEST).type


def _delivered(column: pa.Array, dtype: pa.DataType) -> pa.Array:
    if pa.types.is_time(column.type):
        return _time_of_day(column)
    if column.type == dtype or natural_kind(dtype) in ("categorical", "unsupported"):
        return column
    return column.cast(dtype)


def _time_of_day(column: pa.Array) -> pa.Array:
    """Return times in nanoseconds; what is outside a day is null, as Polars has it."""
    unit = UNITS_A_SECOND[column.type.unit]
    ticks = column.cast(pa.int32() if column.type.bit_width == 32 else pa.int64()).cast(pa.int64())
    within = pc.and_(pc.greater_equal(ticks, 0), pc.less(ticks, SECONDS_A_DAY * unit))
    return pc.multiply(pc.if_else(within, ticks, None), 10**9 // unit).cast(pa.time64("ns"))


def _repeated(value: str | None, dtype: pa.DataType, rows: int) -> pa.Array:
    if value is None:
        return pa.nulls(rows, _delivered_type(dtype))
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), rows), pa.repeat(pa.scalar(value), 1))


def _explained(reason: str, scanner: Scanner, scan: Scan) -> LakedriftError:
    """Find out which file is at fault, or whether it is the frame."""
    for fragment in scan.fragments:
        fault = _fault(scanner, Scan((fragment,), scan.columns, frame=scan.frame))
        if fault is not None and scan.frame is not None:
            return SourceError(f"cannot read the {fragment.uri}: {fault}")
        if fault is not None and "utf" in fault.lower():
            return _not_utf8(scanner, fragment, scan.columns)
        if fault is not None:
            msg = f"cannot read {fragment.uri!r}: {fault}"
            return UnreadableFileError(msg, hint=DAMAGED)
    first = scan.fragments[0].uri
    if len(scan.fragments) == 1 and scan.frame is None:
        return UnreadableFileError(f"cannot read {first!r}: {reason}", hint=DAMAGED)
    return SourceError(f"cannot read {len(scan.fragments)} fragments together, {first!r} first: {reason}")


def _not_utf8(scanner: Scanner, fragment: Fragment, names: tuple[str, ...]) -> UnreadableFileError:
    """Name the columns whose text is no UTF-8."""
    at_fault = [name for name in names if _fault(scanner, Scan((fragment,), (name,)))]
    msg = f"column {', '.join(map(repr, at_fault or names))} of {fragment.uri!r} holds text that is not UTF-8"
    return UnreadableFileError(msg, hint="--exclude leaves the column out")


def _fault(scanner: Scanner, scan: Scan) -> str | None:
    """Say what is wrong with one fragment, None if nothing is."""
    try:
        rows = sum(batch.num_rows for batch in scanner.batches(scan))
    except (KeyboardInterrupt, SystemExit, MemoryError, LakedriftError):
        raise
    except BaseException as error:  # a Polars panic is no Exception
        return reason(error)
    return None if scan.rows in (None, rows) else _miscounted(scan, rows)


def _miscounted(scan: Scan, rows: int) -> str:
    return f"{scan.rows} rows were declared, {rows} read"

"""Reading a scan, by whichever scanner: partition values, the filter, the count of rows, and whose fault it is.

Readers report a damaged file without naming it, Polars sometimes as a panic that is no `Exception`; here it becomes a typed
error that names the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from lakedrift.errors import LakedriftError, ResourceError, SourceError, UnreadableFileError, reason
from lakedrift.filtering import Filter
from lakedrift.finishing import Finish
from lakedrift.scanner import Scanner
from lakedrift.scanners import arrow, open_scanner
from lakedrift.source import Fragment, Scan
from lakedrift.text import plural, size

__all__ = ["Reader"]

GROUPS_AT_A_TIME = 3 + pl.thread_pool_size()  # that Polars has in memory, by measurement
QUEUED_GROUPS, FEW_ROWS = 12 + GROUPS_AT_A_TIME, 1 << 10  # row groups of few rows stand in a queue
PAGES_AT_A_TIME = 3  # of a column: its dictionary, and a page before and after decompression
SMALL_BATCH, FULL_BATCH = 1 << 14, 1 << 18  # rows
SMALL_BYTES, FULL_BYTES = 1 << 22, 1 << 26
FULL_SHARE = 16  # of what reading may take, one in so many parts at most
DAMAGED = "the file is damaged, or changed while it was read"


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
        self.memory = memory
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
        return min(self.memory, max(needed, default=0))

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
        finish = Finish(scan, keep)
        for _, _, pieces in self._delivered(scan):
            yield finish.together(pieces)

    def owned(self, scan: Scan, keep: Filter | None) -> Iterator[tuple[pa.Table, int, NDArray[np.int32]]]:
        """Yield batches, and which fragment of the scan each row is of, (n,), ascending; otherwise as `batches` does."""
        finish = Finish(scan, keep)
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
            for pieces in _combined(self._read(scanner, part), min(FULL_BYTES, self.memory // FULL_SHARE)):
                yield part, delivered, pieces
                delivered += sum(piece.num_rows for piece in pieces)
            if part.rows not in (None, delivered):
                raise _explained(_miscounted(part, delivered), scanner, part)

    def of_frame(self, scan: Scan) -> list[pa.RecordBatch]:
        """Return the rows of a scan of a frame, as they are."""
        return list(self._read(self._polars, scan))

    @contextmanager
    def explaining(self, scan: Scan) -> Iterator[None]:
        """Turn whatever goes wrong with the files of a scan into an error that names the one at fault.

        Raises
        ------
        UnreadableFileError
            If one cannot be read.
        """
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
        large = [one for one in scan.fragments if _needed(one, width) > self.memory and self._arrow.reads(scan)]
        return tuple(one for one in large if _needed(arrow.narrowed(one, scan.columns), width) > self.memory)

    def _check_pages(self, fragment: Fragment, scan: Scan) -> None:
        try:
            pages = arrow.largest_pages(fragment, scan.columns)
        except (OSError, ValueError):  # reading it will say what is wrong with it
            return
        held = PAGES_AT_A_TIME * sum(pages.values())
        if held > self.memory // 2:
            name = max(pages, key=pages.__getitem__)
            largest, columns, room = size(pages[name]), plural(len(pages), "column"), size(self.memory // 2)
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
